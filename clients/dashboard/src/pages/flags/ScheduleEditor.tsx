import { Field } from "../../components/Field";
import { useSpeech } from "../../i18n/language";
import { withoutMember } from "./lists";
import type { Flag } from "./types";

interface Props {
  readonly flag: Flag;
  readonly onChange: (flag: Flag) => void;
}

/** From when to when the flag follows its rules, as a form. */
export function ScheduleEditor({ flag, onChange }: Props) {
  const { t } = useSpeech();
  const change = (side: "startsAt" | "endsAt", typed: string) => {
    const time = new Date(typed);
    onChange(Number.isNaN(time.getTime()) ? withoutMember(flag, side) : { ...flag, [side]: time.toISOString() });
  };
  return (
    <div className="stack-tight">
      <p className="soft small">{t("flags.schedule.lead")}</p>
      <div className="rollout-more">
        {(["startsAt", "endsAt"] as const).map((side) => (
          <Field key={side} label={t(`flags.field.${side}`)}>
            {(control) => (
              <input
                {...control}
                type="datetime-local"
                value={localOf(flag[side])}
                onChange={(event) => change(side, event.target.value)}
              />
            )}
          </Field>
        ))}
      </div>
    </div>
  );
}

/** A time as the browser's own control has it: minutes of the local clock. */
function localOf(time: string | undefined): string {
  if (time === undefined) return "";
  const date = new Date(time);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
