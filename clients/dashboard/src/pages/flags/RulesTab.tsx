import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { useAllFlags } from "./listing";
import { PrerequisitesEditor } from "./PrerequisitesEditor";
import { RulesEditor } from "./RulesEditor";
import { RulesView } from "./RulesView";
import { ScheduleEditor } from "./ScheduleEditor";
import { ServeEditor } from "./ServeEditor";
import { TargetsEditor } from "./TargetsEditor";
import { VariantSelect } from "./VariantSelect";
import { useVocabulary } from "./vocabulary";
import type { Flag, FlagRecord } from "./types";

/** What tabs need that show a flag or, while there is a draft, change it. */
export interface EditingProps {
  readonly record: FlagRecord;
  /** The draft's, while there is one. */
  readonly flag: Flag;
  readonly editing: boolean;
  /** Begins a draft. Without it the person changes nothing. */
  readonly onEdit?: () => void;
  readonly onChange: (flag: Flag) => void;
}

/** Who gets what: in sentences, or as a form. */
export function RulesTab(props: EditingProps) {
  const { t } = useSpeech();
  if (props.editing) return <RulesForm {...props} />;
  return (
    <>
      {props.onEdit !== undefined && (
        <div className="tab-actions">
          <Button onClick={props.onEdit}>{t("flags.editRules")}</Button>
        </div>
      )}
      <RulesView flag={props.flag} />
    </>
  );
}

function RulesForm({ flag, onChange }: EditingProps) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const { records } = useAllFlags(environment, undefined);
  const vocabulary = useVocabulary(environment, records ?? []);
  return (
    <div className="stack">
      <Card title={t("flags.field.targets")}>
        <TargetsEditor flag={flag} vocabulary={vocabulary} onChange={(targets) => onChange({ ...flag, targets })} />
      </Card>
      <Card title={t("flags.field.rules")}>
        <RulesEditor flag={flag} vocabulary={vocabulary} onChange={(rules) => onChange({ ...flag, rules })} />
      </Card>
      <Card title={t("flags.field.fallthrough")}>
        <ServeEditor
          serve={flag.fallthrough ?? {}}
          flag={flag}
          vocabulary={vocabulary}
          coverageHint={t("flags.serve.coverageFallthrough")}
          onChange={(fallthrough) => onChange({ ...flag, fallthrough })}
        />
      </Card>
      <Card title={t("flags.field.offVariant")}>
        <p className="soft small form-lead">{t("flags.offServes")}</p>
        <VariantSelect
          label={t("flags.field.offVariant")}
          flag={flag}
          chosen={flag.offVariant}
          onChoose={(offVariant) => onChange({ ...flag, offVariant })}
        />
      </Card>
      <Card title={t("flags.field.prerequisites")}>
        <PrerequisitesEditor
          flag={flag}
          others={records ?? []}
          onChange={(prerequisites) => onChange({ ...flag, prerequisites })}
        />
      </Card>
      <Card title={t("flags.schedule")}>
        <ScheduleEditor flag={flag} onChange={onChange} />
      </Card>
    </div>
  );
}
