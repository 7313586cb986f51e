package interop;

import ca.uhn.fhir.batch2.api.IJobMaintenanceService;
import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.batch2.jobs.export.BulkDataExportProvider;
import ca.uhn.fhir.batch2.maintenance.JobMaintenanceServiceImpl;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.DaoRegistry;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.binary.api.IBinaryStorageSvc;
import ca.uhn.fhir.jpa.binstore.MemoryBinaryStorageSvcImpl;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import jakarta.persistence.EntityManagerFactory;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.util.EnumSet;
import java.util.Map;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

/**
 * HAPI FHIR R4 with bulk export, in memory, on the loopback interface. Usage: HapiServer [port [retryAfterSeconds]].
 * HAPI always sends Retry-After: 120 on status responses; this server sends 1 unless the second argument says otherwise.
 * Prints "bound to URL" at once, "listening at URL" when it serves, and one line per request: "request METHOD PATH
 * STATUS CONTENT-ENCODING".
 */
public class HapiServer {

  /** The one R4 type that the server refuses, in searches and in "_type" of an export. */
  private static final String REFUSED_TYPE = "ImmunizationEvaluation";

  public static void main(String[] arguments) throws Exception {
    int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 8090;
    String retryAfter = arguments.length > 1 ? arguments[1] : "1";
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    server.addConnector(connector);
    // The address is known at once. Connections wait until the server has started.
    connector.open();
    String url = "http://127.0.0.1:" + connector.getLocalPort() + "/fhir";
    System.out.println("bound to " + url);
    AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Beans.class);
    ServletContextHandler handler = new ServletContextHandler();
    handler.addFilter(
        new FilterHolder((request, response, chain) -> {
          chain.doFilter(request, asking(retryAfter, response));
          print((HttpServletRequest) request, (HttpServletResponse) response);
        }),
        "/fhir/*",
        EnumSet.of(DispatcherType.REQUEST));
    handler.addServlet(new ServletHolder(beans.getBean(RestfulServer.class)), "/fhir/*");
    server.setHandler(handler);
    server.start();
    System.out.println("listening at " + url);
    server.join();
  }

  private static ServletResponse asking(String retryAfter, ServletResponse response) {
    return new HttpServletResponseWrapper((HttpServletResponse) response) {
      @Override
      public void addHeader(String name, String value) {
        super.addHeader(name, name.equalsIgnoreCase("Retry-After") ? retryAfter : value);
      }
    };
  }

  private static void print(HttpServletRequest request, HttpServletResponse response) {
    String query = request.getQueryString() == null ? "" : "?" + request.getQueryString();
    String encoding = response.getHeader("Content-Encoding") == null ? "identity" : response.getHeader("Content-Encoding");
    System.out.println(String.join(
        " ", "request", request.getMethod(), request.getRequestURI() + query, "" + response.getStatus(), encoding));
  }

  @Configuration
  @Import({
    JpaR4Config.class,
    HapiJpaConfig.class,
    JpaBatch2Config.class,
    Batch2JobsConfig.class,
    ThreadPoolFactoryConfig.class,
    SubscriptionChannelConfig.class,
    SubscriptionSubmitterConfig.class
  })
  static class Beans {

    @Bean
    JpaStorageSettings storageSettings() {
      JpaStorageSettings settings = new JpaStorageSettings();
      // Data of any origin is loaded in any order, and any resource may be deleted.
      settings.setAllowExternalReferences(true);
      settings.setEnforceReferentialIntegrityOnWrite(false);
      settings.setEnforceReferentialIntegrityOnDelete(false);
      // Allow purely numeric client ids.
      settings.setResourceClientIdStrategy(JpaStorageSettings.ClientIdStrategyEnum.ANY);
      settings.setResourceServerIdStrategy(JpaStorageSettings.IdStrategyEnum.UUID);
      // A repeated search must see recent changes.
      settings.setReuseCachedSearchResultsForMillis(null);
      // Export files are kept in memory, so keep them briefly.
      settings.setBulkExportFileRetentionPeriodHours(1);
      return settings;
    }

    @Bean
    PartitionSettings partitionSettings() {
      return new PartitionSettings();
    }

    @Bean
    SubscriptionSettings subscriptionSettings() {
      return new SubscriptionSettings();
    }

    @Bean
    IBinaryStorageSvc binaryStorage() {
      return new MemoryBinaryStorageSvcImpl();
    }

    @Bean
    DataSource dataSource() {
      BasicDataSource source = new BasicDataSource();
      source.setDriver(new org.h2.Driver());
      source.setUrl("jdbc:h2:mem:fhir;DB_CLOSE_DELAY=-1");
      source.setMaxTotal(20);
      return source;
    }

    @Bean
    LocalContainerEntityManagerFactoryBean entityManagerFactory(
        ConfigurableListableBeanFactory factory, FhirContext fhir, JpaStorageSettings settings, DataSource source) {
      LocalContainerEntityManagerFactoryBean bean =
          HapiEntityManagerFactoryUtil.newEntityManagerFactory(factory, fhir, settings);
      bean.setPersistenceUnitName("fhir");
      bean.setDataSource(source);
      bean.getJpaPropertyMap().putAll(Map.of(
          "hibernate.dialect", HapiFhirH2Dialect.class.getName(),
          "hibernate.hbm2ddl.auto", "create",
          "hibernate.search.enabled", "false"));
      return bean;
    }

    @Bean
    @Primary
    JpaTransactionManager transactionManager(EntityManagerFactory factory) {
      return new JpaTransactionManager(factory);
    }

    @Bean
    RestfulServer restfulServer(
        FhirContext fhir,
        IFhirSystemDao<?, ?> system,
        IJpaSystemProvider systemProvider,
        ResourceProviderFactory resourceProviders,
        JpaStorageSettings settings,
        ISearchParamRegistry searchParameters,
        IValidationSupport validation,
        DatabaseBackedPagingProvider paging,
        BulkDataExportProvider bulkExport,
        DaoRegistry daos,
        IJobMaintenanceService jobs) {
      daos.setSupportedResourceTypes(
          fhir.getResourceTypes().stream().filter(type -> !type.equals(REFUSED_TYPE)).toList());
      // Interval at which export steps are picked up; HAPI's default is one minute.
      ((JobMaintenanceServiceImpl) jobs).setScheduledJobFrequencyMillis(500);
      RestfulServer server = new RestfulServer(fhir);
      server.registerProviders(resourceProviders.createProviders());
      server.registerProvider(systemProvider);
      server.registerProvider(bulkExport);
      server.setServerConformanceProvider(
          new JpaCapabilityStatementProvider(server, system, settings, searchParameters, validation));
      server.setPagingProvider(paging);
      server.setDefaultResponseEncoding(EncodingEnum.JSON);
      return server;
    }
  }
}
