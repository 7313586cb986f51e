import { testWithBdt } from '@bulkhead/testing/test-with-bdt';
import { createEhrSimulator } from '../index.ts';

testWithBdt({
  name: 'the simulator',
  disputed: {
    '3.0.4': 'wants the definition `group-export`, and the export of athenahealth has a definition of its own',
  },
  async start(jwksUrl) {
    const simulator = createEhrSimulator({
      patients: 20,
      exportSeconds: 0.5,
      jwksUrl,
      enforceScopes: true,
      relativeAttachmentUrls: false,
      // The suite sends some hundred requests for tokens.
      tokensPerMinute: 10_000,
    });
    await simulator.start();
    return {
      fhirEndpoint: simulator.fhirEndpoint,
      groupId: 'a-1.C-195900',
      tokenEndpoint: `${simulator.baseUrl}/oauth2/v1/token`,
      clientId: 'simulator-client',
      [Symbol.asyncDispose]: () => simulator.stop(),
    };
  },
});
