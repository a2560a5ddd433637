import { useState } from "react";
import { call } from "../../api/call";
import { useAction } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { useSession } from "../../api/session";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { Field } from "../../components/Field";
import { FormProblem } from "../../components/FormProblem";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { namedByPath } from "./changes";
import { Diff } from "./Diff";
import type { Flag } from "./types";

interface Props {
  readonly environment: string;
  readonly flag: Flag;
}

/** Copies the definition to another environment, once the differences were looked at. */
export function PromoteTab({ environment, flag }: Props) {
  const { t } = useSpeech();
  const tell = useToast();
  const others = useSession().environments.filter((each) => each !== environment);
  const [target, setTarget] = useState(others[0] ?? "");
  const [comment, setComment] = useState("");
  const [plan, setPlan] = useState<Message<"PromoteFlagResponse">>();
  const request = { fromEnvironment: environment, toEnvironment: target, flagKey: flag.key };
  const look = useAction(async () => {
    setPlan(await call("mirante.api.flags.v1.FlagAdminService/PromoteFlag", { ...request, dryRun: true }));
  });
  const promote = useAction(async (agreed: string) => {
    await call("mirante.api.flags.v1.FlagAdminService/PromoteFlag", { ...request, plan: agreed, comment });
    tell(t("flags.promote.done", { environment: target }));
    setPlan(undefined);
    setComment("");
  });
  const stale = promote.problem?.status === 412;
  return (
    <div className="stack promote">
      <Card>
        <div className="stack">
          <p className="soft">{t("flags.promote.lead")}</p>
          <div className="row promote-row">
            <span>{t("flags.promote.from", { environment })}</span>
            <span aria-hidden="true">→</span>
            <select
              className="input"
              aria-label={t("flags.promote.to")}
              value={target}
              onChange={(event) => {
                setTarget(event.target.value);
                setPlan(undefined);
                promote.clear();
              }}
            >
              {others.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
            <Button
              look={plan === undefined ? "primary" : "plain"}
              disabled={look.pending || target === ""}
              onClick={() => {
                promote.clear();
                void look.run();
              }}
            >
              {t("flags.promote.plan")}
            </Button>
          </div>
          <FormProblem problem={look.problem} />
        </div>
      </Card>
      {plan !== undefined && (
        <Card title={t("flags.promote.wouldChange", { environment: target })}>
          {plan.changes.length === 0 ? (
            <p>{t("flags.promote.same", { environment: target })}</p>
          ) : (
            <div className="stack">
              <Diff changes={namedByPath(plan.changes)} paths />
              <Field label={t("flags.comment")} hint={t("flags.commentHint")} problem={promote.problem} name="comment">
                {(control) => (
                  <textarea {...control} rows={2} value={comment} onChange={(event) => setComment(event.target.value)} />
                )}
              </Field>
              {stale ? (
                <p className="field-error" role="alert">
                  {t("flags.promote.stale")}
                </p>
              ) : (
                <FormProblem problem={promote.problem} shown={["comment"]} />
              )}
              <div className="dialog-actions">
                <Button look="primary" disabled={promote.pending || stale} onClick={() => void promote.run(plan.plan)}>
                  {t("flags.promote.confirm", { environment: target })}
                </Button>
              </div>
            </div>
          )}
        </Card>
      )}
    </div>
  );
}
