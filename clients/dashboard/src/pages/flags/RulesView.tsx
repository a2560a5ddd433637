import type { ReactNode } from "react";
import { Card } from "../../components/Card";
import { useSpeech } from "../../i18n/language";
import { coloured, Sentence, VariantTag } from "./Sentence";
import { conditionsParts, type Part, prerequisiteParts, serveParts, targetParts } from "./sentences";
import { SplitBar } from "./SplitBar";
import type { Flag, Serve } from "./types";

/** Who gets what, in the order in which it is decided. */
export function RulesView({ flag }: { readonly flag: Flag }) {
  const speech = useSpeech();
  const { t, format } = speech;
  const names = coloured(flag);
  const say = (parts: readonly Part[]) => <Sentence parts={parts} variants={names} />;
  const at = (time: string) => format.dateTime(new Date(time), new Date());
  const scheduled = flag.startsAt !== undefined || flag.endsAt !== undefined;
  return (
    <Card flush>
      <ol className="decisions">
        {scheduled && (
          <Decision title={t("flags.schedule")}>
            {[
              flag.startsAt === undefined ? "" : t("flags.schedule.from", { at: at(flag.startsAt) }),
              flag.endsAt === undefined ? "" : t("flags.schedule.until", { at: at(flag.endsAt) }),
            ]
              .filter(Boolean)
              .join(", ")}
          </Decision>
        )}
        {flag.prerequisites.length > 0 && (
          <Decision title={t("flags.field.prerequisites")} note={t("flags.prerequisite.lead")}>
            {flag.prerequisites.map((needed) => (
              <p key={needed.flagKey}>{say(prerequisiteParts(needed, speech))}</p>
            ))}
          </Decision>
        )}
        {flag.targets.length > 0 && (
          <Decision title={t("flags.field.targets")}>
            {flag.targets.map((target, index) => (
              <p key={index}>{say(targetParts(target, speech))}</p>
            ))}
          </Decision>
        )}
        {flag.rules.map((rule, index) => (
          <Decision key={rule.id} title={`${t("flags.rule")} ${index + 1}`} name={rule.id} note={rule.description}>
            <p>
              {say(conditionsParts(rule.conditions, speech))} <Arrow /> {say(serveParts(rule.serve, speech))}
            </p>
            <Shares serve={rule.serve} names={names} />
          </Decision>
        ))}
        <Decision title={t("flags.field.fallthrough")} note={flag.rules.length === 0 ? t("flags.rules.none") : ""}>
          <p>
            <Arrow /> {say(serveParts(flag.fallthrough, speech))}
          </p>
          <Shares serve={flag.fallthrough} names={names} />
        </Decision>
        <Decision title={t("flags.field.offVariant")} note={t("flags.offServes")}>
          <p>
            <Arrow /> <VariantTag name={flag.offVariant} variants={names} />
          </p>
        </Decision>
      </ol>
    </Card>
  );
}

interface DecisionProps {
  readonly title: string;
  readonly name?: string;
  readonly note?: string;
  readonly children: ReactNode;
}

function Decision({ title, name, note, children }: DecisionProps) {
  return (
    <li className="decision">
      <div className="decision-head">
        <h3>{title}</h3>
        {name !== undefined && <code className="faint">{name}</code>}
      </div>
      <div className="stack-tight">
        {note !== undefined && note !== "" && <p className="soft small">{note}</p>}
        {children}
      </div>
    </li>
  );
}

function Arrow() {
  return (
    <span className="faint" aria-hidden="true">
      →
    </span>
  );
}

function Shares({ serve, names }: { readonly serve: Serve | undefined; readonly names: readonly string[] }) {
  if (serve?.rollout === undefined) return null;
  return <SplitBar rollout={serve.rollout} names={names} />;
}
