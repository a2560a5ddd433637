import { lazy, Suspense, useState } from "react";
import { call } from "../../api/call";
import { ApiProblem } from "../../api/problem";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { useNow } from "../../components/now";
import { Switch } from "../../components/Switch";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { ArchiveWarning } from "./ArchiveWarning";
import { AskDialog } from "./AskDialog";
import { StateBadge } from "./badges";
import { Delivery } from "./Delivery";
import { Facts } from "./Facts";
import { KillDialog } from "./KillDialog";
import { coloured, Sentence, VariantTag } from "./Sentence";
import { serveParts } from "./sentences";
import { stateOf, usualServe } from "./state";
import type { Flag, FlagRecord } from "./types";

const FlagPlans = lazy(() => import("../rollouts/FlagPlans"));

interface Props {
  readonly environment: string;
  readonly record: FlagRecord;
  readonly flag: Flag;
  readonly editor: boolean;
  /** What a change has answered. */
  readonly onChanged: (record: FlagRecord) => void;
  /** Somebody else changed the flag: read it again. */
  readonly onStale: () => void;
}

/** What the flag does now, and the ways to stop it. */
export function StateTab(props: Props) {
  const { environment, record, flag, editor, onChanged } = props;
  const speech = useSpeech();
  const { t } = speech;
  const tell = useToast();
  const [asking, setAsking] = useState<"kill" | "switch" | "restore" | "archive">();
  const state = stateOf(flag, record.archived, useNow(5000));
  const names = coloured(flag);
  const changeable = editor && !record.archived;
  const close = () => setAsking(undefined);
  return (
    <div className="grid">
      <Card className={`span-8 flag-now flag-now-${state}`}>
        <div className="flag-now-head">
          <div className="stack-tight">
            <div className="row">
              {changeable && (
                <Switch
                  label={t("flags.switch")}
                  on={flag.on}
                  disabled={flag.kill !== undefined}
                  onChange={() => setAsking("switch")}
                />
              )}
              <strong className="flag-now-state">{t(`flags.state.${state}`)}</strong>
            </div>
            <p className="soft">{t(`flags.state.lead.${state}`)}</p>
          </div>
          {changeable &&
            (flag.kill === undefined ? (
              <Button look="danger" icon="power" className="button-kill" onClick={() => setAsking("kill")}>
                {t("flags.kill")}
              </Button>
            ) : (
              <Button look="primary" className="button-kill" onClick={() => setAsking("restore")}>
                {t("flags.restore")}
              </Button>
            ))}
        </div>
        {flag.kill !== undefined && <KillNote flag={flag} />}
        <dl className="facts flag-serves">
          <dt>{t("flags.nowServes")}</dt>
          <dd>
            <Sentence parts={serveParts(usualServe(flag, state), speech)} variants={names} />
            {state === "on" && flag.rules.length + flag.targets.length > 0 && (
              <span className="soft"> {speech.counted("flags.exceptions", flag.rules.length + flag.targets.length)}</span>
            )}
          </dd>
          <dt>{t("flags.offServes")}</dt>
          <dd>
            <VariantTag name={flag.offVariant} variants={names} />
          </dd>
        </dl>
      </Card>
      <Card className="span-4" title={t("flags.delivery")}>
        <Delivery key={record.revision} environment={environment} revision={record.revision} version={flag.version} />
      </Card>
      <Facts record={record} flag={flag} {...(changeable ? { onArchive: () => setAsking("archive") } : {})} />
      <Suspense fallback={null}>
        <FlagPlans flagKey={flag.key} editor={changeable} />
      </Suspense>
      {asking === "kill" && (
        <KillDialog environment={environment} flag={flag} onClose={close} onChanged={onChanged} />
      )}
      {asking === "switch" && <SwitchDialog {...props} onClose={close} />}
      {asking === "restore" && (
        <AskDialog
          title={t("flags.restoreTitle", { flag: flag.key, environment })}
          submit={t("flags.restore")}
          needsReason
          onClose={close}
          act={async (reason) => {
            const request = { environment, flagKey: flag.key, reason };
            const answer = await call("mirante.api.flags.v1.FlagAdminService/RestoreFlag", request);
            if (answer.record !== undefined) onChanged(answer.record);
            tell(t("flags.restored"));
          }}
        >
          <p>{t("flags.restoreLead", { state: t(flag.on ? "flags.state.on" : "flags.state.off").toLowerCase() })}</p>
        </AskDialog>
      )}
      {asking === "archive" && (
        <AskDialog
          title={t("flags.archiveTitle", { flag: flag.key, environment })}
          submit={t("flags.archive")}
          danger
          onClose={close}
          act={async (comment) => {
            const request = { environment, flagKey: flag.key, etag: record.etag, comment };
            const answer = await call("mirante.api.flags.v1.FlagAdminService/ArchiveFlag", request);
            if (answer.record !== undefined) onChanged(answer.record);
            tell(t("flags.archived"));
          }}
        >
          <p>{t("flags.archiveLead")}</p>
          <ArchiveWarning environment={environment} flagKey={flag.key} />
        </AskDialog>
      )}
    </div>
  );
}

function KillNote({ flag }: { readonly flag: Flag }) {
  const { t, format } = useSpeech();
  const now = useNow(30_000);
  const { by = "", at, reason = "" } = flag.kill ?? {};
  const when = at === undefined ? "" : format.ago(new Date(at), now);
  return (
    <div className="kill-note">
      <strong>{t("flags.killedBy", { by, when })}</strong>
      <p>{reason}</p>
    </div>
  );
}

function SwitchDialog({ environment, record, flag, onChanged, onStale, onClose }: Props & { onClose: () => void }) {
  const { t } = useSpeech();
  const tell = useToast();
  const values = { flag: flag.key, environment };
  return (
    <AskDialog
      title={flag.on ? t("flags.turnOffTitle", values) : t("flags.turnOnTitle", values)}
      submit={t(flag.on ? "flags.turnOff" : "flags.turnOn")}
      onClose={onClose}
      act={async (comment) => {
        const request = { environment, flag: { ...flag, on: !flag.on }, etag: record.etag, comment };
        try {
          const answer = await call("mirante.api.flags.v1.FlagAdminService/UpdateFlag", request);
          if (answer.record !== undefined) onChanged(answer.record);
        } catch (error) {
          if (!(error instanceof ApiProblem) || error.status !== 412) throw error;
          onStale();
          tell(t("flags.conflict.stale"), "bad");
          return;
        }
        tell(t(flag.on ? "flags.turnedOff" : "flags.turnedOn"));
      }}
    >
      <p>{flag.on ? t("flags.turnOffLead", { variant: flag.offVariant }) : t("flags.turnOnLead")}</p>
    </AskDialog>
  );
}

/** Beside the name of the flag. */
export function HeadBadge({ record, flag }: { readonly record: FlagRecord; readonly flag: Flag }) {
  return <StateBadge state={stateOf(flag, record.archived, useNow(5000))} />;
}
