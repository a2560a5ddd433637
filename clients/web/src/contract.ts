// Made by `npm run contract` from services/gateway/openapi.json.
export interface paths {
    "/ofrep/v1/evaluate/flags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Evaluate all flags that the key may see (OFREP). */
        post: operations["evaluateFlags"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ofrep/v1/evaluate/flags/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Evaluate one flag (OFREP). */
        post: operations["evaluateFlag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ofrep/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Notices that answers may have changed (server-sent events of OFREP).
         * @description Opened at the address that a bulk evaluation returns. Each notice is `{"type": "refetchEvaluation"}`.
         */
        get: operations["flagEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send events.
         * @description For browsers; gzip is recognised with or without its header. `navigator.sendBeacon` sends `text/plain` and puts `key` and `token` into the body. With a browser key, an event may name only the tenant and user of the browser token, and without a token neither.
         */
        post: operations["sendEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ws/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Live metrics of the tenant of a browser token (WebSocket).
         * @description The client begins with `{"type": "hello", "key", "token", "received"?}`, where `received` is the `position` of the last message before a reconnect. The server sends `snapshot` (everything; also after a gap), `frame` (one snapshot later: all values, and of each series the minutes from `start_seconds` on), `resumed` (the client has the newest), `stale` and `waiting` (the metrics service is silent), `problem` (then it closes with 4000 plus the status). The client renews its token by `{"type": "renew", "token"}`. 1012 means: connect again.
         */
        get: operations["liveMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        BrowserEvent: {
            anonymous_id?: string;
            context?: {
                browser?: Record<string, unknown>;
                device?: Record<string, unknown>;
                library?: Record<string, unknown>;
                locale?: string;
                page?: Record<string, unknown>;
                release?: string;
            };
            /**
             * Format: uuid
             * @description A UUIDv7, the same with every retry.
             */
            id: string;
            name: string;
            /** @description RFC 3339 with an offset, or milliseconds since 1970. */
            occurred_at?: string | number;
            properties?: Record<string, unknown>;
            session_id?: string;
            tenant?: string;
            user_id?: string;
        };
        BulkEvaluation: {
            eventStreams?: {
                endpoint?: {
                    requestUri?: string;
                };
                inactivityDelaySec?: number;
                /** @constant */
                type?: "sse";
            }[];
            flags: (components["schemas"]["EvaluationSuccess"] | components["schemas"]["EvaluationFailure"])[];
        };
        EvaluationFailure: {
            /** @enum {unknown} */
            errorCode: "PARSE_ERROR" | "TARGETING_KEY_MISSING" | "INVALID_CONTEXT" | "GENERAL" | "FLAG_NOT_FOUND";
            errorDetails: string;
            key: string;
            metadata?: Record<string, unknown>;
        };
        EvaluationRequest: {
            context?: {
                targetingKey?: string;
            } & {
                [key: string]: unknown;
            };
        };
        EvaluationSuccess: {
            key: string;
            metadata: {
                [key: string]: string | number | boolean;
            };
            /** @enum {unknown} */
            reason: "STATIC" | "TARGETING_MATCH" | "SPLIT" | "DISABLED" | "DEFAULT";
            value: unknown;
            variant: string;
        };
        EventBatch: components["schemas"]["BrowserEvent"] | components["schemas"]["BrowserEvent"][] | {
            client_instance?: string;
            events: components["schemas"]["BrowserEvent"][];
            key?: string;
            sent_at?: string | number;
            token?: string;
        };
        EventResults: {
            results: {
                detail?: string;
                field?: string;
                reason?: string;
                retry_after_ms?: number;
                /** @enum {unknown} */
                status: "accepted" | "duplicate" | "rejected" | "retry";
            }[];
        };
        Problem: {
            detail: string;
            errors?: {
                detail: string;
                field: string;
            }[];
            reason: string;
            retry_after_ms?: number;
            status: number;
            title: string;
            type: string;
        };
    };
    responses: {
        /** @description Refused; `reason` says why. */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description A token that the vendas backend has signed. */
        BrowserToken: string;
        /** @description Needed only when the key holds several. */
        Environment: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    evaluateFlags: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string;
                /** @description Needed only when the key holds several. */
                "X-Mirante-Environment"?: components["parameters"]["Environment"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["EvaluationRequest"];
            };
        };
        responses: {
            /** @description All answers. */
            200: {
                headers: {
                    /** @description Of the result and of who asked. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkEvaluation"];
                };
            };
            /** @description The answers are those of the ETag. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            408: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    evaluateFlag: {
        parameters: {
            query?: never;
            header?: {
                /** @description Needed only when the key holds several. */
                "X-Mirante-Environment"?: components["parameters"]["Environment"];
            };
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["EvaluationRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationSuccess"];
                };
            };
            /** @description It cannot be evaluated with this context. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationFailure"];
                };
            };
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            /** @description There is no such flag, or this key may not see it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationFailure"];
                };
            };
            408: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    flagEvents: {
        parameters: {
            query: {
                ticket: string;
            };
            header?: {
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    sendEvents: {
        parameters: {
            query?: never;
            header?: {
                /** @description Needed only when the key holds several. */
                "X-Mirante-Environment"?: components["parameters"]["Environment"];
                /** @description A token that the vendas backend has signed. */
                "X-Mirante-Token"?: components["parameters"]["BrowserToken"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventBatch"];
                "text/plain": string;
            };
        };
        responses: {
            /** @description A result for each event, in their order. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventResults"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            408: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    liveMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The socket is open. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            403: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
}
