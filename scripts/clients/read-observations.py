"""Exports Observations and reads those of one patient, with a client that openapi-generator made from the OpenAPI document."""

import os
import time

import bulkhead_client as api

connection_id = os.environ["CONNECTION"]
configuration = api.Configuration(host=os.environ["BULKHEAD_URL"], access_token=os.environ["BULKHEAD_API_KEY"])
with api.ApiClient(configuration) as client:
    exports = api.BulkExportsApi(client)
    request = api.StartBulkExportRequest(connection_id=connection_id, resource_types=["Patient", "Observation"])
    job = exports.start_bulk_export("athenahealth", request).data
    while job.status == "IN_PROGRESS":
        time.sleep(0.5)
        job = exports.get_bulk_export("athenahealth", job.id).data
    print(job.status, job.counts.stored)

    resources = api.ResourcesApi(client)
    search = {"connection_id": connection_id, "count": 5}
    (patient, *_) = resources.search_resources("athenahealth", "Patient", **search).entry
    bundle = resources.search_resources("athenahealth", "Observation", **search, patient=patient.resource.id)
    for entry in bundle.entry:
        observation = entry.resource.to_dict()
        print(observation["resourceType"], observation["code"]["text"])

    try:
        exports.get_bulk_export("athenahealth", "job_none")
    except api.ApiException as error:
        print(error.status, error.data.error.code)
