"""Reads from a FHIR base URL with fhirpy, as its documentation shows it. Prints what it has read, as JSON."""

import json
import os

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

client = SyncFHIRClient(os.environ["FHIR_URL"], authorization=f"Bearer {os.environ['BULKHEAD_API_KEY']}")
patients = client.resources("Patient").sort("_id").limit(2).fetch_all()
patient = client.reference("Patient", patients[0].id).to_resource()
observations = client.resources("Observation").search(patient=patient.id).sort("-date").fetch()
newest = client.resources("Observation").search(patient=patient.id).sort("-date").first()
subject = newest["subject"].to_resource()
included = client.resources("Observation").search(patient=patient.id).include("Observation", "patient").fetch_raw()
modes = sorted({entry.search.mode for entry in included.entry})

errors = []
for read in (
    lambda: client.reference("Patient", "none").to_resource(),
    lambda: client.resources("Patient").search(nothing="1").fetch(),
):
    try:
        read()
    except ResourceNotFound as error:
        errors.append("not found")
    except OperationOutcome as error:
        errors.append(error.resource["issue"][0]["details"]["coding"][0]["code"])

print(
    json.dumps(
        {
            "patients": [patient.id for patient in patients],
            "first": patient.id,
            "observations": len(observations),
            "newest": newest.id,
            "subject": subject.id,
            "modes": modes,
            "errors": errors,
        }
    )
)
