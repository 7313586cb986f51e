package interop;

import ca.uhn.fhir.rest.client.api.IClientInterceptor;
import ca.uhn.fhir.rest.client.api.IHttpRequest;
import ca.uhn.fhir.rest.client.api.IHttpResponse;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;

/** Keeps the text of every response, before the client parses it. */
class ResponseRecorder implements IClientInterceptor {

  record Response(String request, String text) {}

  private final List<Response> responses = new ArrayList<>();
  private String request = "";

  List<Response> responses() {
    return responses;
  }

  @Override
  public void interceptRequest(IHttpRequest sent) {
    request = sent.getHttpVerbName() + " " + sent.getUri();
  }

  @Override
  public void interceptResponse(IHttpResponse response) throws IOException {
    response.bufferEntity();
    StringWriter text = new StringWriter();
    try (Reader reader = response.createReader()) {
      reader.transferTo(text);
    }
    // 304 has no content.
    if (!text.toString().isEmpty()) responses.add(new Response(request, text.toString()));
  }
}
