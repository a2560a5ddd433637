// OpenFeature's own SDK and OFREP provider for browsers, as they come from the registry, in the hands of a test.
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
import { serve } from "./program.mjs";

const client = OpenFeature.getClient();
const methods = {
  boolean: "getBooleanDetails",
  string: "getStringDetails",
  number: "getNumberDetails",
  object: "getObjectDetails",
};

await serve({
  // `changeDetection` of the provider is left as it is: server-sent events, and no polling.
  start: async ({ url, key, context }) => {
    await OpenFeature.setContext(context);
    await OpenFeature.setProviderAndWait(new OFREPWebProvider({ baseUrl: url, headers: [["X-API-Key", key]] }));
  },
  details: ({ type, key, fallback }) => client[methods[type]](key, fallback),
  context: ({ context }) => OpenFeature.setContext(context),
  untilChanged: ({ key, value }) =>
    new Promise((resolve) => {
      const look = () => client.getBooleanValue(key, !value) === value && resolve(null);
      client.addHandler(ProviderEvents.ConfigurationChanged, look);
      look();
    }),
  close: () => OpenFeature.close(),
});
