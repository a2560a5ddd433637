import { useState } from "react";
import { useCall } from "../../api/hooks";
import type { ApiProblem } from "../../api/problem";
import { Button } from "../../components/Button";
import { Chips } from "../../components/Chips";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { DurationInput } from "../analytics/explore/DurationInput";
import { replaced, without } from "../flags/lists";
import { eventsOf, kindOf, type Kind, KINDS, newGuard, withKind } from "./guards";
import type { Guard } from "./types";

const ACTIONS = ["GUARD_ACTION_KILL", "GUARD_ACTION_ROLL_BACK", "GUARD_ACTION_PAUSE"] as const;

interface Props {
  readonly guards: readonly Guard[];
  readonly problem: ApiProblem | undefined;
  readonly onChange: (guards: Guard[]) => void;
}

/** The guards of a plan as a form. */
export function GuardsEditor({ guards, problem, onChange }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const catalogue = useCall("mirante.api.telemetry.v1.CatalogueService/GetCatalogue", { environment }).data?.catalogue;
  const events = (catalogue?.events ?? []).map((each) => each.name);
  return (
    <div className="stack-tight">
      <h3>{t("roll.form.guards")}</h3>
      <p className="field-hint">{t("roll.form.guardHint")}</p>
      {guards.map((guard, index) => (
        <GuardRow
          key={index}
          guard={guard}
          number={index + 1}
          events={events}
          problem={problem}
          onChange={(next) => onChange(replaced(guards, index, next))}
          onRemove={() => onChange(without(guards, index))}
        />
      ))}
      <div>
        <Button icon="plus" onClick={() => onChange([...guards, newGuard(`guarda-${guards.length + 1}`)])}>
          {t("roll.form.addGuard")}
        </Button>
      </div>
    </div>
  );
}

interface RowProps {
  readonly guard: Guard;
  readonly number: number;
  readonly events: readonly string[];
  readonly problem: ApiProblem | undefined;
  readonly onChange: (guard: Guard) => void;
  readonly onRemove: () => void;
}

function GuardRow({ guard, number, events, problem, onChange, onRemove }: RowProps) {
  const { t } = useSpeech();
  const kind = kindOf(guard);
  const wrong = problem?.violations.filter((each) => each.field.startsWith(`plan.guards[${number - 1}]`)) ?? [];
  return (
    <div className="plan-row" role="group" aria-label={`${t("roll.guard.name")} ${number}`}>
      <input
        className="input mono"
        aria-label={t("roll.form.guardName", { number })}
        value={guard.name}
        spellCheck={false}
        onChange={(event) => onChange({ ...guard, name: event.target.value })}
      />
      <select
        className="input"
        aria-label={t("roll.form.guardKind", { number })}
        value={kind}
        onChange={(event) => onChange(withKind(guard, event.target.value as Kind))}
      >
        {KINDS.map((each) => (
          <option key={each} value={each}>
            {t(`roll.kind.${each}`)}
          </option>
        ))}
      </select>
      {kind !== "ratio" && (
        <Chips
          label={`${t("roll.form.events")}, ${guard.name}`}
          values={eventsOf(guard)}
          suggestions={events}
          onChange={(next) => onChange(withEvents(guard, next))}
        />
      )}
      {guard.tripwire !== undefined && (
        <TripwireFields guard={guard} tripwire={guard.tripwire} onChange={onChange} />
      )}
      <select
        className="input"
        aria-label={`${t("roll.form.onBreach")}, ${guard.name}`}
        value={guard.action}
        onChange={(event) => onChange({ ...guard, action: event.target.value as Guard["action"] })}
      >
        {ACTIONS.map((each) => (
          <option key={each} value={each}>
            {`${t("roll.form.onBreach")}: ${t(`roll.action.${each}`)}`}
          </option>
        ))}
      </select>
      <Button look="quiet" icon="close" aria-label={t("roll.form.removeGuard", { number })} onClick={onRemove} />
      {wrong.length > 0 && (
        <span className="field-error" role="alert">
          {wrong.map((each) => each.detail).join("; ")}
        </span>
      )}
    </div>
  );
}

interface TripwireProps {
  readonly guard: Guard;
  readonly tripwire: NonNullable<Guard["tripwire"]>;
  readonly onChange: (guard: Guard) => void;
}

function TripwireFields({ guard, tripwire, onChange }: TripwireProps) {
  const { t } = useSpeech();
  const change = (next: Partial<typeof tripwire>) => onChange({ ...guard, tripwire: { ...tripwire, ...next } });
  const share = kindOf(guard) === "share";
  return (
    <>
      {kindOf(guard) === "quantile" && (
        <>
          <input
            className="input mono"
            aria-label={`${t("roll.form.property")}, ${guard.name}`}
            placeholder={t("roll.form.property")}
            value={tripwire.property}
            onChange={(event) => change({ property: event.target.value })}
          />
          <NumberInput
            label={`${t("roll.form.quantile")}, ${guard.name}`}
            value={tripwire.quantile}
            onChange={(quantile) => change({ quantile })}
          />
        </>
      )}
      <NumberInput
        label={`${t(share ? "roll.form.limitShare" : "roll.form.limit")}, ${guard.name}`}
        value={share ? tripwire.limit * 100 : tripwire.limit}
        onChange={(limit) => change({ limit: share ? limit / 100 : limit })}
      />
      <span className="row plan-soak">
        <span className="soft small" aria-hidden="true">
          {t("roll.form.window")}
        </span>
        <DurationInput duration={tripwire.window} onChange={(window) => change({ window: window ?? "30s" })} />
      </span>
    </>
  );
}

interface NumberProps {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** A number. What is typed stays as it is typed; what is none changes nothing and is marked. */
function NumberInput({ label, value, onChange }: NumberProps) {
  const [typed, setTyped] = useState<string>();
  const read = (text: string) => (text.trim() === "" ? Number.NaN : Number(text.replace(",", ".")));
  return (
    <input
      className="input plan-number"
      inputMode="decimal"
      aria-label={label}
      title={label}
      aria-invalid={typed !== undefined && !Number.isFinite(read(typed))}
      value={typed ?? String(Number(value.toPrecision(12)))}
      onChange={(event) => {
        setTyped(event.target.value);
        if (Number.isFinite(read(event.target.value))) onChange(read(event.target.value));
      }}
      onBlur={() => setTyped(undefined)}
    />
  );
}

function withEvents(guard: Guard, events: string[]): Guard {
  if (guard.tripwire !== undefined) return { ...guard, tripwire: { ...guard.tripwire, events } };
  if (guard.guardrail !== undefined) return { ...guard, guardrail: { ...guard.guardrail, events } };
  return guard;
}
