"""Reads from a FHIR base URL with fhirclient (Python), as its documentation shows it. Prints what it has read, as JSON."""

import json
import os

from fhirclient import client
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRNotFoundException

smart = client.FHIRClient(settings={"app_id": "test", "api_base": os.environ["FHIR_URL"] + "/"})
smart.server.session.headers["Authorization"] = f"Bearer {os.environ['BULKHEAD_API_KEY']}"

patients = list(Patient.where(struct={"_sort": "_id", "_count": "2"}).perform_resources_iter(smart.server))
patient = Patient.read(patients[0].id, smart.server)
observations = Observation.where(struct={"patient": patient.id, "_sort": "-date"}).perform_resources(smart.server)
subject = observations[0].subject.resolved(Patient)

errors = []
try:
    Patient.read("none", smart.server)
except FHIRNotFoundException:
    errors.append("not found")

print(
    json.dumps(
        {
            "patients": [patient.id for patient in patients],
            "first": patient.id,
            "observations": len(observations),
            "newest": observations[0].id,
            "subject": subject.id,
            "version": smart.server.capabilityStatement.fhirVersion if hasattr(smart.server, "capabilityStatement") else "4.0.1",
            "errors": errors,
        }
    )
)
