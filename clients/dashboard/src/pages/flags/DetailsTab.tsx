import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { Chips } from "../../components/Chips";
import { Field } from "../../components/Field";
import { useSpeech } from "../../i18n/language";
import { Facts } from "./Facts";
import { withVariants } from "./renaming";
import type { EditingProps } from "./RulesTab";
import { VariantsEditor } from "./VariantsEditor";

/** Whose the flag is, what it is for, and its values: to read, or as a form. */
export function DetailsTab({ record, flag, editing, onEdit, onChange }: EditingProps) {
  const { t } = useSpeech();
  if (!editing) {
    return (
      <>
        {onEdit !== undefined && (
          <div className="tab-actions">
            <Button onClick={onEdit}>{t("action.edit")}</Button>
          </div>
        )}
        <div className="grid">
          <Facts record={record} flag={flag} />
        </div>
      </>
    );
  }
  return (
    <div className="stack">
      <Card>
        <div className="stack">
          <Field label={t("flags.field.description")}>
            {(control) => (
              <textarea
                {...control}
                rows={2}
                value={flag.description}
                onChange={(event) => onChange({ ...flag, description: event.target.value })}
              />
            )}
          </Field>
          <div className="rollout-more">
            <Field label={t("flags.field.owner")}>
              {(control) => (
                <input
                  {...control}
                  value={flag.owner}
                  onChange={(event) => onChange({ ...flag, owner: event.target.value })}
                />
              )}
            </Field>
            <Field label={t("flags.field.tags")}>
              {() => <Chips label={t("flags.field.tags")} values={flag.tags} onChange={(tags) => onChange({ ...flag, tags })} />}
            </Field>
          </div>
          <label className="check">
            <input
              type="checkbox"
              checked={flag.clientVisible}
              onChange={(event) => onChange({ ...flag, clientVisible: event.target.checked })}
            />
            {t("flags.create.visible")}
          </label>
        </div>
      </Card>
      <Card title={t("flags.variants")}>
        <VariantsEditor
          type={flag.type}
          variants={flag.variants}
          onChange={(variants) => onChange(withVariants(flag, variants))}
        />
      </Card>
    </div>
  );
}
