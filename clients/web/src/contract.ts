// Made by `npm run contract` from services/gateway/openapi.json.
export type paths = Record<string, never>;
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
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
