import { type SubmitEvent, useState } from "react";
import { call } from "../../api/call";
import { useAction } from "../../api/hooks";
import { Button } from "../../components/Button";
import { Chips } from "../../components/Chips";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { FormProblem } from "../../components/FormProblem";
import { Segmented } from "../../components/Segmented";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { withVariants } from "./renaming";
import type { Flag, Variant } from "./types";
import { VariantSelect } from "./VariantSelect";
import { emptyOf, VariantsEditor } from "./VariantsEditor";

const TYPES = ["FLAG_TYPE_BOOL", "FLAG_TYPE_STRING", "FLAG_TYPE_INTEGER", "FLAG_TYPE_DOUBLE", "FLAG_TYPE_JSON"] as const;
const SHOWN = ["flag.key", "flag.description", "flag.owner", "flag.tags"];

interface Props {
  readonly onClose: () => void;
  readonly onMade: (key: string) => void;
}

/** A new flag. A boolean one needs a key and nothing else. */
export function CreateFlag({ onClose, onMade }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const tell = useToast();
  const [flag, setFlag] = useState(() => newFlag("FLAG_TYPE_BOOL"));
  const [missing, setMissing] = useState(false);
  const create = useAction(async () => {
    const fallthrough = { variant: flag.variants.find((each) => each.name !== flag.offVariant)?.name ?? flag.offVariant };
    const key = flag.key.trim();
    await call("mirante.api.flags.v1.FlagAdminService/CreateFlag", { environment, flag: { ...flag, key, fallthrough } });
    tell(t("flags.created"));
    onMade(key);
  });
  const change = (next: Partial<Flag>) => setFlag({ ...flag, ...next });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (flag.key.trim() === "") setMissing(true);
    else void create.run();
  };
  const text = (name: "key" | "description" | "owner") => ({
    value: flag[name],
    onChange: (event: { target: { value: string } }) => change({ [name]: event.target.value }),
  });
  const wrong = missing && flag.key.trim() === "" ? t("flags.create.keyMissing") : undefined;
  return (
    <Dialog title={t("flags.create.title", { environment })} onClose={onClose} busy={create.pending} wide>
      <form className="stack" onSubmit={submit}>
        <Field label={t("flags.create.key")} hint={t("flags.create.keyHint")} error={wrong} problem={create.problem} name="flag.key">
          {(control) => <input {...control} className="input mono" autoFocus autoComplete="off" spellCheck={false} {...text("key")} />}
        </Field>
        <Field label={t("flags.field.description")} problem={create.problem} name="flag.description">
          {(control) => <input {...control} {...text("description")} />}
        </Field>
        <div className="field">
          <span className="field-name">{t("flags.filter.type")}</span>
          <div>
            <Segmented
              label={t("flags.filter.type")}
              options={TYPES.map((key) => ({ key, label: t(`flags.type.${key}`) }))}
              chosen={TYPES.find((each) => each === flag.type) ?? "FLAG_TYPE_BOOL"}
              onChoose={(type) => setFlag({ ...newFlag(type), ...kept(flag) })}
            />
          </div>
          <span className="field-hint">{t("flags.create.typeHint")}</span>
        </div>
        {flag.type !== "FLAG_TYPE_BOOL" && (
          <>
            <VariantsEditor
              key={flag.type}
              type={flag.type}
              variants={flag.variants}
              onChange={(variants) => setFlag(withVariants(flag, variants))}
            />
            <div className="field">
              <span className="field-name">{t("flags.field.offVariant")}</span>
              <VariantSelect
                label={t("flags.field.offVariant")}
                flag={flag}
                chosen={flag.offVariant}
                onChoose={(offVariant) => change({ offVariant })}
              />
              <span className="field-hint">{t("flags.create.offHint")}</span>
            </div>
          </>
        )}
        <div className="rollout-more">
          <Field label={t("flags.field.owner")} problem={create.problem} name="flag.owner">
            {(control) => <input {...control} {...text("owner")} />}
          </Field>
          <Field label={t("flags.field.tags")} problem={create.problem} name="flag.tags">
            {() => <Chips label={t("flags.field.tags")} values={flag.tags} onChange={(tags) => change({ tags })} />}
          </Field>
        </div>
        <label className="check">
          <input
            type="checkbox"
            checked={flag.clientVisible}
            onChange={(event) => change({ clientVisible: event.target.checked })}
          />
          {t("flags.create.visible")}
        </label>
        <FormProblem problem={create.problem} shown={SHOWN} />
        <div className="dialog-actions">
          <Button onClick={onClose} disabled={create.pending}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={create.pending}>
            {t("flags.create.submit")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function newFlag(type: Flag["type"]): Flag {
  const named = (name: string, value: Variant["value"] = emptyOf(type)): Variant => ({ name, value, description: "" });
  const boolean = type === "FLAG_TYPE_BOOL";
  const variants = boolean
    ? [named("on", { boolValue: true }), named("off", { boolValue: false })]
    : [named("control"), named("v1")];
  return {
    key: "",
    type,
    variants,
    on: false,
    offVariant: boolean ? "off" : "control",
    targets: [],
    prerequisites: [],
    rules: [],
    version: "0",
    clientVisible: false,
    description: "",
    owner: "",
    tags: [],
  };
}

/** What another type leaves as it was. */
function kept({ key, description, owner, tags, clientVisible }: Flag): Partial<Flag> {
  return { key, description, owner, tags, clientVisible };
}
