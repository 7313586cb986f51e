package interop;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.model.api.Include;
import ca.uhn.fhir.rest.api.SearchStyleEnum;
import ca.uhn.fhir.rest.api.SearchTotalModeEnum;
import ca.uhn.fhir.rest.api.SortOrderEnum;
import ca.uhn.fhir.rest.api.SortSpec;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.gclient.ICriterion;
import ca.uhn.fhir.rest.gclient.IQuery;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Bundle.BundleEntryComponent;
import org.hl7.fhir.r4.model.Bundle.SearchEntryMode;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.Encounter;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.OperationOutcome.OperationOutcomeIssueComponent;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Resource;

/**
 * Reads a FHIR base URL with the ordinary calls of HAPI's generic client, and validates every response. Usage:
 * ReadWithClient FHIR_BASE_URL DELETED_RESOURCE_URL TYPE... with the API key in BULKHEAD_API_KEY. Prints one line: "result" and
 * what was read, as JSON.
 */
public class ReadWithClient {

  private static final int PAGE_SIZE = 25;
  private static final String UNKNOWN = "none";

  private final IGenericClient client;
  private final Map<String, Object> result = new LinkedHashMap<>();

  private ReadWithClient(IGenericClient client) {
    this.client = client;
  }

  public static void main(String[] arguments) throws Exception {
    FhirContext fhir = FhirContext.forR4();
    // The machine may be busy with exports.
    fhir.getRestfulClientFactory().setSocketTimeout(60_000);
    // Before its first request the client reads the CapabilityStatement by itself.
    IGenericClient client = fhir.newRestfulGenericClient(arguments[0]);
    client.registerInterceptor(new BearerTokenAuthInterceptor(System.getenv("BULKHEAD_API_KEY")));
    ResponseRecorder recorder = new ResponseRecorder();
    client.registerInterceptor(recorder);
    ReadWithClient reading = new ReadWithClient(client);
    reading.readAll(arguments[1], Arrays.asList(arguments).subList(2, arguments.length));
    reading.result.put("responses", recorder.responses().size());
    reading.result.put("faults", new ResponseValidator(fhir).faultsOf(recorder.responses()));
    System.out.println("result " + new ObjectMapper().writeValueAsString(reading.result));
  }

  private void readAll(String deletedUrl, List<String> types) {
    Map<String, List<String>> ids = new LinkedHashMap<>();
    for (String type : types) {
      ids.put(type, idsOf(pagesOf(search(type).sort().ascending("_id").count(PAGE_SIZE)), SearchEntryMode.MATCH));
    }
    result.put("ids", ids);
    CapabilityStatement statement = client.capabilities().ofType(CapabilityStatement.class).execute();
    result.put("fhirVersion", statement.getFhirVersion().toCode());
    readOrders();
    readIncludes();
    IdType patient = new IdType("Patient", ids.get("Patient").get(0));
    readInstance(patient);
    readCompartment(patient);
    readHistories();
    readErrors(patient, deletedUrl);
  }

  private void readOrders() {
    Map<String, List<String>> orders = new LinkedHashMap<>();
    for (String order : List.of("date", "-date", "_lastUpdated", "-_lastUpdated")) {
      SortSpec sort = order.startsWith("-")
          ? new SortSpec(order.substring(1), SortOrderEnum.DESC)
          : new SortSpec(order);
      orders.put(order, idsOf(pagesOf(search("Observation").sort(sort).count(PAGE_SIZE)), SearchEntryMode.MATCH));
    }
    result.put("orders", orders);
  }

  private void readIncludes() {
    Map<String, List<String>> included = new LinkedHashMap<>();
    for (Include include : List.of(
        Observation.INCLUDE_PATIENT, Observation.INCLUDE_ENCOUNTER, Encounter.INCLUDE_PARTICIPANT,
        Encounter.INCLUDE_SERVICE_PROVIDER)) {
      List<Bundle> pages = pagesOf(search(include.getParamType()).include(include).count(PAGE_SIZE));
      included.put(include.getValue(), referencesOf(pages, SearchEntryMode.INCLUDE));
    }
    result.put("included", included);
  }

  private void readInstance(IdType id) {
    Patient patient = client.read().resource(Patient.class).withId(id.getIdPart()).execute();
    String version = patient.getMeta().getVersionId();
    Patient sameVersion =
        client.read().resource(Patient.class).withIdAndVersion(id.getIdPart(), version).execute();
    Patient unchanged =
        client.read().resource(Patient.class).withId(id.getIdPart()).ifVersionMatches(version).returnNull().execute();
    Patient changed =
        client.read().resource(Patient.class).withId(id.getIdPart()).ifVersionMatches("another").returnNull().execute();
    Bundle history = client.history().onInstance(id).returnBundle(Bundle.class).execute();
    result.put("patient", patient.getIdElement().getIdPart());
    result.put("isSameVersion", patient.equalsDeep(sameVersion));
    result.put("conditionalReads", Arrays.asList(idPartOf(unchanged), idPartOf(changed)));
    result.put("instanceHistory", idsOf(List.of(history), null));
  }

  /** Searches by GET and by POST, and counts the matches. */
  private void readCompartment(IdType patient) {
    Map<String, List<String>> byStyle = new LinkedHashMap<>();
    ICriterion<?> ofPatient = Observation.PATIENT.hasId(patient);
    for (SearchStyleEnum style : List.of(SearchStyleEnum.GET, SearchStyleEnum.POST)) {
      IQuery<Bundle> query = search("Observation").where(ofPatient).count(PAGE_SIZE);
      byStyle.put(style.name(), idsOf(pagesOf(query.usingStyle(style)), SearchEntryMode.MATCH));
    }
    result.put("compartment", byStyle);
    Bundle counted = search("Observation").where(ofPatient).count(1)
        .totalMode(SearchTotalModeEnum.ACCURATE).execute();
    result.put("total", counted.getTotal());
  }

  private void readHistories() {
    Bundle ofType = client.history().onType(Observation.class).returnBundle(Bundle.class).count(PAGE_SIZE).execute();
    result.put("typeHistory", idsOf(pagesFrom(ofType), null));
    Bundle ofServer = client.history().onServer().returnBundle(Bundle.class).count(PAGE_SIZE).execute();
    result.put("systemHistory", referencesOf(pagesFrom(ofServer), null));
  }

  private void readErrors(IdType patient, String deletedUrl) {
    Map<String, Object> errors = new LinkedHashMap<>();
    errors.put("unknown", errorOf(() -> client.read().resource(Patient.class).withId(UNKNOWN).execute()));
    errors.put("unknown version", errorOf(() ->
        client.read().resource(Patient.class).withIdAndVersion(patient.getIdPart(), UNKNOWN).execute()));
    errors.put("deleted", errorOf(() -> client.read().resource(Patient.class).withUrl(deletedUrl).execute()));
    errors.put("invalid", errorOf(() -> search("Patient").sort().ascending("name").execute()));
    errors.put("write", errorOf(() -> client.create().resource(new Patient()).execute()));
    result.put("errors", errors);
  }

  /** Returns the exception of HAPI and the first issue that it parsed. */
  private static List<String> errorOf(Runnable call) {
    try {
      call.run();
      return List.of("no error");
    } catch (BaseServerResponseException error) {
      if (!(error.getOperationOutcome() instanceof OperationOutcome outcome)) return List.of(error.toString());
      OperationOutcomeIssueComponent issue = outcome.getIssueFirstRep();
      return List.of(
          error.getClass().getSimpleName(),
          issue.getCode().toCode(),
          issue.getDetails().getCodingFirstRep().getSystem() + "|" + issue.getDetails().getCodingFirstRep().getCode());
    }
  }

  private IQuery<Bundle> search(String type) {
    return client.search().forResource(type).returnBundle(Bundle.class);
  }

  private List<Bundle> pagesOf(IQuery<Bundle> query) {
    return pagesFrom(query.execute());
  }

  private List<Bundle> pagesFrom(Bundle first) {
    List<Bundle> pages = new ArrayList<>(List.of(first));
    for (Bundle page = first; page.getLink(Bundle.LINK_NEXT) != null; pages.add(page)) {
      page = client.loadPage().next(page).execute();
    }
    return pages;
  }

  /** @param mode null for the entries of a history */
  private static List<String> idsOf(List<Bundle> pages, SearchEntryMode mode) {
    return resourcesOf(pages, mode).stream().map(ReadWithClient::idPartOf).collect(Collectors.toList());
  }

  /** Sorted, each once. */
  private static List<String> referencesOf(List<Bundle> pages, SearchEntryMode mode) {
    return resourcesOf(pages, mode).stream()
        .map(resource -> resource.fhirType() + "/" + idPartOf(resource)).distinct().sorted().collect(Collectors.toList());
  }

  private static List<Resource> resourcesOf(List<Bundle> pages, SearchEntryMode mode) {
    return pages.stream()
        .flatMap(page -> page.getEntry().stream())
        .filter(entry -> mode == null || entry.getSearch().getMode() == mode)
        .filter(BundleEntryComponent::hasResource)
        .map(BundleEntryComponent::getResource)
        .collect(Collectors.toList());
  }

  private static String idPartOf(Resource resource) {
    return resource == null ? null : resource.getIdElement().getIdPart();
  }
}
