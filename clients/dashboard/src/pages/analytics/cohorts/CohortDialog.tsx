import { type SyntheticEvent, useState } from "react";
import { call } from "../../../api/call";
import { useAction } from "../../../api/hooks";
import type { RequestOf } from "../../../api/methods";
import { Button } from "../../../components/Button";
import { Dialog } from "../../../components/Dialog";
import { Field } from "../../../components/Field";
import { FormProblem } from "../../../components/FormProblem";
import { Segmented } from "../../../components/Segmented";
import { useToast } from "../../../components/toasts";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { FilterRows } from "../asking/FilterRows";
import { type Filter, type Selection, SERVICE } from "../asking/question";
import { SelectionInput } from "../explore/SelectionInput";

type Definition = NonNullable<NonNullable<RequestOf<`${typeof SERVICE}/CreateCohort`>["cohort"]>["definition"]>;
const KINDS = ["did", "didNot", "trait"] as const;
type Kind = (typeof KINDS)[number];

interface Props {
  readonly name?: string;
  /** Those who are in it; otherwise the form says who. */
  readonly actors?: readonly string[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Makes a cohort: by what people did, did not, or are. */
export function CohortDialog({ name: first = "", actors, onClose, onDone }: Props) {
  const { t, counted } = useSpeech();
  const { environment } = useScope();
  const tell = useToast();
  const [name, setName] = useState(first);
  const [kind, setKind] = useState<Kind>("did");
  const [selection, setSelection] = useState<Selection>({ event: "" });
  const [times, setTimes] = useState(1);
  const [days, setDays] = useState(30);
  const [traits, setTraits] = useState<Filter[]>([
    { property: { name: "", origin: "PROPERTY_ORIGIN_TRAIT" }, operator: "FILTER_OPERATOR_IS", values: [] },
  ]);
  const definition = (): Definition => {
    if (actors !== undefined) return { conditions: [{ actors: { actors: [...actors] } }] };
    if (kind === "trait") return { conditions: traits.map((trait) => ({ trait })) };
    const bound = kind === "did" ? { atLeast: times } : { atMost: 0 };
    return { conditions: [{ did: { selection, days, ...bound } }] };
  };
  const { run, pending, problem } = useAction(() =>
    call(`${SERVICE}/CreateCohort`, { environment, cohort: { info: { name }, definition: definition() } }),
  );
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (!(await run())) return;
    tell(t("cohorts.created", { name }));
    onDone();
  };
  return (
    <Dialog wide title={t("cohorts.new")} onClose={onClose} busy={pending}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <Field label={t("explore.save.name")} problem={problem} name="cohort.info.name">
          {(control) => (
            <input {...control} autoFocus required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
          )}
        </Field>
        {actors !== undefined ? (
          <p>{counted("cohorts.say.actors", actors.length)}</p>
        ) : (
          <>
            <div>
              <Segmented
                label={t("cohorts.condition")}
                options={KINDS.map((key) => ({ key, label: t(`cohorts.${key}`) }))}
                chosen={kind}
                onChoose={setKind}
              />
            </div>
            {kind === "trait" ? (
              <FilterRows label={t("cohorts.trait")} filters={traits} onChange={setTraits} />
            ) : (
              <>
                <SelectionInput placeholder="explore.anyEvent" label={t("explore.event")} selection={selection} onChange={setSelection} />
                <div className="row">
                  {kind === "did" && (
                    <Field label={t("cohorts.atLeast")}>
                      {(control) => (
                        <input {...control} type="number" min={1} value={times} onChange={(event) => setTimes(Number(event.target.value))} />
                      )}
                    </Field>
                  )}
                  <Field label={t("cohorts.days")}>
                    {(control) => (
                      <input
                        {...control}
                        type="number"
                        min={1}
                        max={1096}
                        value={days}
                        onChange={(event) => setDays(Number(event.target.value))}
                      />
                    )}
                  </Field>
                </div>
              </>
            )}
          </>
        )}
        <FormProblem problem={problem} shown={["cohort.info.name"]} />
        <div className="dialog-actions">
          <Button onClick={onClose} disabled={pending}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={pending}>
            {t("action.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
