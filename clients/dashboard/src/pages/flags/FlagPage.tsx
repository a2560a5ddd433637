import { useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { useCall } from "../../api/hooks";
import { mayEdit, useSession } from "../../api/session";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Icon } from "../../components/icons";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { Tabs } from "../../components/Tabs";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { Conflict } from "./Conflict";
import { DetailsTab } from "./DetailsTab";
import { DraftBar } from "./DraftBar";
import { onTopOf, useDraft } from "./drafts";
import { EvaluateTab } from "./EvaluateTab";
import { HistoryTab } from "./HistoryTab";
import { useRevision } from "./listing";
import { PromoteTab } from "./PromoteTab";
import { RulesTab } from "./RulesTab";
import { HeadBadge, StateTab } from "./StateTab";
import type { Flag, FlagRecord } from "./types";

const TABS = ["state", "rules", "details", "evaluate", "history", "promote"] as const;
/** Parts of an address. */
const SLUGS = {
  state: "",
  rules: "/regras",
  details: "/detalhes",
  evaluate: "/avaliar",
  history: "/historico",
  promote: "/promover",
} as const;

interface Props {
  readonly flagKey: string;
  readonly tab: string | undefined;
}

/** One flag. */
export function FlagPage({ flagKey, tab }: Props) {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const { record, problem, take, reload } = useRecord(environment, flagKey);
  const flag = record?.flag;
  return (
    <>
      <Link className="back-link" href={href("/flags")}>
        <Icon name="back" />
        {t("flags.back")}
      </Link>
      {record !== undefined && flag !== undefined ? (
        <Known flagKey={flagKey} tab={tab} record={record} flag={flag} take={take} reload={reload} />
      ) : problem === undefined ? (
        <SkeletonLines lines={8} />
      ) : problem.status === 404 ? (
        <EmptyState icon="flags" title={t("flags.absent", { environment })}>
          <p>{t("flags.absentLead")}</p>
        </EmptyState>
      ) : (
        <ErrorState problem={problem} retry={reload} />
      )}
    </>
  );
}

/** The newest that is known of a flag: read again when the environment changes, or as a change has answered. */
function useRecord(environment: string, flagKey: string) {
  const revision = useRevision(environment).data?.revision;
  const { data, problem, reload } = useCall("mirante.api.flags.v1.FlagAdminService/GetFlag", { environment, flagKey });
  const [answered, setAnswered] = useState<FlagRecord>();
  const seen = useRef(revision);
  useEffect(() => {
    if (seen.current !== undefined && seen.current !== revision) reload();
    seen.current = revision;
  }, [revision, reload]);
  return { record: newest(data?.record, answered), problem, take: setAnswered, reload };
}

function newest(one: FlagRecord | undefined, other: FlagRecord | undefined): FlagRecord | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return BigInt(one.flag?.version ?? 0) >= BigInt(other.flag?.version ?? 0) ? one : other;
}

interface KnownProps extends Props {
  readonly record: FlagRecord;
  readonly flag: Flag;
  readonly take: (record: FlagRecord) => void;
  readonly reload: () => void;
}

function Known({ tab, record, flag, take, reload }: KnownProps) {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const [, navigate] = useLocation();
  const session = useSession();
  const editor = mayEdit(session);
  const [kept, setDraft] = useDraft(environment, flag.key);
  const draft = kept && onTopOf(record, kept);
  const tabs = TABS.filter((each) => each !== "promote" || (editor && session.environments.length > 1));
  const chosen = tabs.find((each) => SLUGS[each] === `/${tab ?? ""}`) ?? "state";
  const stale = draft !== undefined && draft.base.etag !== record.etag;
  const editing = {
    record,
    flag: draft?.flag ?? flag,
    editing: draft !== undefined,
    ...(editor && !record.archived ? { onEdit: () => setDraft({ base: record, flag }) } : {}),
    onChange: (next: Flag) => setDraft({ base: draft?.base ?? record, flag: next }),
  };
  const changed = { environment, record, flag, editor, onChanged: take, onStale: reload };
  return (
    <>
      <div className="page-head">
        <h1 className="mono">{flag.key}</h1>
        {isSecureContext && <CopyKey text={flag.key} />}
        <HeadBadge record={record} flag={flag} />
        <Badge>{t(`flags.type.${flag.type}`)}</Badge>
        {flag.description !== "" && <p className="page-note">{flag.description}</p>}
      </div>
      {draft !== undefined && stale && <Conflict draft={draft} record={record} onChange={setDraft} />}
      <Tabs
        label={flag.key}
        tabs={tabs.map((key) => ({ key, label: t(`flags.tab.${key}`) }))}
        chosen={chosen}
        onChoose={(key) => navigate(href(`/flags/flag/${flag.key}${SLUGS[key]}`), { replace: true })}
      >
        {chosen === "state" && <StateTab {...changed} />}
        {chosen === "rules" && <RulesTab {...editing} />}
        {chosen === "details" && <DetailsTab {...editing} />}
        {chosen === "evaluate" && <EvaluateTab environment={environment} flag={flag} />}
        {chosen === "history" && <HistoryTab {...changed} />}
        {chosen === "promote" && <PromoteTab environment={environment} flag={flag} />}
      </Tabs>
      {draft !== undefined && (
        <DraftBar
          environment={environment}
          draft={draft}
          stale={stale}
          onDiscard={() => setDraft(undefined)}
          onSaved={(saved) => {
            take(saved);
            setDraft(undefined);
          }}
          onStale={reload}
        />
      )}
    </>
  );
}

function CopyKey({ text }: { readonly text: string }) {
  const { t } = useSpeech();
  const tell = useToast();
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    tell(t("flags.copied"));
  };
  return <Button look="quiet" icon="copy" aria-label={t("flags.copyKey")} onClick={() => void copy()} />;
}
