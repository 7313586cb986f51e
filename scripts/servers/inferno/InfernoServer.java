import ca.uhn.fhir.batch2.api.IJobMaintenanceService;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.util.EnumSet;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.webapp.WebAppContext;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.web.context.support.WebApplicationContextUtils;

/**
 * The Inferno reference server on the loopback interface, from its classes and its folder `webapp`, as its own tests start it.
 * Usage: java -cp CLASSPATH InfernoServer.java PORT WEBAPP. Java compiles this file itself.
 * Prints "listening" when it serves.
 */
public class InfernoServer {

  public static void main(String[] arguments) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(Integer.parseInt(arguments[0]));
    server.addConnector(connector);
    WebAppContext app = new WebAppContext();
    app.setContextPath("");
    app.setBaseResourceAsString(arguments[1]);
    // The class path has everything, and the configuration first.
    app.setParentLoaderPriority(true);
    app.addFilter(
        new FilterHolder((request, response, chain) -> chain.doFilter(request, withShortWait(response))),
        "/*",
        EnumSet.of(DispatcherType.REQUEST));
    server.setHandler(app);
    server.start();
    System.out.println("listening");
    IJobMaintenanceService jobs = WebApplicationContextUtils
        .getRequiredWebApplicationContext(app.getServletContext())
        .getBean(IJobMaintenanceService.class);
    while (true) {
      // The steps of an export are picked up by this. HAPI does it once a minute.
      jobs.runMaintenancePass();
      Thread.sleep(500);
    }
  }

  /** HAPI asks for a wait of 120 s between status requests. */
  private static ServletResponse withShortWait(ServletResponse response) {
    return new HttpServletResponseWrapper((HttpServletResponse) response) {
      @Override
      public void addHeader(String name, String value) {
        super.addHeader(name, name.equalsIgnoreCase("Retry-After") ? "1" : value);
      }
    };
  }
}
