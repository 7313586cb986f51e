package interop;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

/**
 * Validates responses against R4 with HAPI's validator. The resources in a Bundle came from the EHR and may have faults, so
 * a fault of one counts only if the resource alone does not have it.
 */
class ResponseValidator {

  record Fault(String request, String severity, String location, String message) {}

  /** What the server writes itself. Any other resource came from the EHR. */
  private static final Set<String> WRITTEN_BY_SERVER = Set.of("Bundle", "CapabilityStatement", "OperationOutcome");

  /** Such as "Bundle.entry[0].resource/&#42;Patient/1&#42;/.name". */
  private static final Pattern IN_ENTRY = Pattern.compile("^Bundle\\.entry\\[(\\d+)\\]\\.resource/\\*.*?\\*/(.*)");

  /** Keeps the digits of numbers. */
  private final ObjectMapper json = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
      .build();
  private final FhirValidator validator;
  /** The faults of each resource alone, by its text. */
  private final Map<String, Set<String>> faultsOfResources = new HashMap<>();

  ResponseValidator(FhirContext fhir) {
    ValidationSupportChain definitions = new ValidationSupportChain(
        new DefaultProfileValidationSupport(fhir),
        new CommonCodeSystemsTerminologyService(fhir),
        new InMemoryTerminologyServerValidationSupport(fhir));
    FhirInstanceValidator instances = new FhirInstanceValidator(definitions);
    // Such as a narrative, which programs do not read.
    instances.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
    validator = fhir.newValidator().registerValidatorModule(instances);
  }

  List<Fault> faultsOf(List<ResponseRecorder.Response> responses) throws JsonProcessingException {
    Stream.Builder<Fault> faults = Stream.builder();
    for (ResponseRecorder.Response response : responses) {
      JsonNode body = json.readTree(response.text());
      if (!WRITTEN_BY_SERVER.contains(body.path("resourceType").asText())) continue;
      messagesOf(response.text())
          .filter(message -> !isOfResource(message, body))
          .map(message -> new Fault(
              response.request(), message.getSeverity().name(), message.getLocationString(), message.getMessage()))
          .forEach(faults);
    }
    return faults.build().toList();
  }

  private boolean isOfResource(SingleValidationMessage message, JsonNode bundle) {
    Matcher inEntry = IN_ENTRY.matcher(Objects.toString(message.getLocationString(), ""));
    if (!inEntry.matches()) return false;
    String resource = bundle.path("entry").path(Integer.parseInt(inEntry.group(1))).path("resource").toString();
    return faultsOfResources.computeIfAbsent(resource, this::faultsOfResource).contains(
        inEntry.group(2) + ": " + message.getMessage());
  }

  private Set<String> faultsOfResource(String resource) {
    return messagesOf(resource)
        .map(message -> Objects.toString(message.getLocationString(), "").replaceFirst("^[A-Za-z]+", "") + ": " + message.getMessage())
        .collect(Collectors.toSet());
  }

  private Stream<SingleValidationMessage> messagesOf(String text) {
    return validator.validateWithResult(text).getMessages().stream()
        .filter(message -> message.getSeverity().compareTo(ResultSeverityEnum.WARNING) >= 0);
  }
}
