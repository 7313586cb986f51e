package clients;

import au.csiro.fhir.auth.AuthConfig;
import au.csiro.fhir.export.BulkExportClient;
import au.csiro.fhir.export.BulkExportException.HttpError;
import au.csiro.fhir.export.ws.BulkExportRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;

/**
 * Exports a group into a folder with Pathling's client. Prints the transaction time.
 *
 * <p>Arguments: FHIR base URL, client id, file of the private JWK, group, folder, and the time since which resources have changed
 * (empty: all), then the types (none: all).
 */
final class ExportWithPathling {
  public static void main(String[] args) throws Exception {
    var auth =
        AuthConfig.builder()
            .enabled(true)
            .useSMART(true)
            .clientId(args[1])
            .privateKeyJWK(Files.readString(Path.of(args[2])))
            .scope("system/*.read")
            .build();
    var client =
        BulkExportClient.builder()
            .withFhirEndpointUrl(args[0])
            .withLevel(new BulkExportRequest.GroupLevel(args[3]))
            .withOutputDir(args[4])
            .withTypes(Arrays.asList(args).subList(6, args.length))
            .withTimeout(Duration.ofMinutes(2))
            .withAuthConfig(auth);
    if (!args[5].isEmpty()) client.withSince(Instant.parse(args[5]));
    try {
      System.out.println(client.build().export().getTransactionTime());
    } catch (HttpError error) {
      System.out.println(error.getMessage());
      System.exit(1);
    }
  }
}
