import { Link } from "wouter";
import type { Message } from "../../api/methods";
import { wordOf } from "../../api/values";
import { Badge } from "../../components/Badge";
import { Card } from "../../components/Card";
import { Icon } from "../../components/icons";
import { Segmented } from "../../components/Segmented";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { type Column, Table } from "../../components/Table";
import { NOTHING } from "../../i18n/format";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { StandingBadge } from "./CatalogueTab";
import type { Row } from "./catalogueRows";
import { PERIODS, useCovered, usePeriod } from "./coverage";
import { DayBars } from "./DayBars";

type Property = Message<"PropertyDefinition">;

/** One event: its definition, and what was seen of it. */
export function EventPage({ name }: { readonly name: string }) {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const [period, setPeriod] = usePeriod();
  const { rows, problem, reload } = useCovered(environment, period);
  const row = rows?.find((each) => each.name === name);
  return (
    <>
      <Link className="back-link" href={href("/eventos/catalogo")}>
        <Icon name="back" />
        {t("events.event.back")}
      </Link>
      <div className="page-head">
        <h1 className="mono">{name}</h1>
        {row !== undefined && <StandingBadge standing={row.standing} />}
        <div className="page-actions">
          <Link className="button" href={`${href("/eventos")}&${new URLSearchParams({ name }).toString()}`}>
            {t("events.event.live")}
          </Link>
          {row !== undefined && row.dead > 0 && (
            <Link className="button" href={`${href("/eventos/rejeitados")}&${new URLSearchParams({ name }).toString()}`}>
              {t("events.event.deadLetters")}
            </Link>
          )}
        </div>
        {row?.definition !== undefined && <p className="page-note">{row.definition.description}</p>}
      </div>
      {rows === undefined ? (
        problem === undefined ? (
          <SkeletonLines lines={8} />
        ) : (
          <ErrorState problem={problem} retry={reload} />
        )
      ) : (
        <div className="grid">
          <Card
            className="span-8"
            title={t("events.catalogue.perDay")}
            actions={
              <Segmented
                label={t("events.catalogue.days")}
                options={PERIODS.map((key) => ({ key, label: t("events.catalogue.daysShort", { days: key }) }))}
                chosen={period}
                onChoose={setPeriod}
              />
            }
          >
            {row === undefined ? <EmptyState title={t("chart.noData")} /> : <DayBars days={row.days} labelled />}
          </Card>
          <About row={row} />
          {row?.definition !== undefined && <Properties properties={row.definition.properties} />}
          <Violations violations={row?.violations ?? []} />
        </div>
      )}
    </>
  );
}

function About({ row }: { readonly row: Row | undefined }) {
  const { t } = useSpeech();
  const definition = row?.definition;
  if (definition === undefined) {
    return (
      <Card className="span-4">
        <EmptyState icon="events" title={t("events.event.undeclaredTitle")}>
          <p>{t("events.event.undeclaredLead")}</p>
        </EmptyState>
      </Card>
    );
  }
  const { owner, version, policy, sources, stampsTrait } = definition;
  return (
    <Card className="span-4" title={t("events.event.about")}>
      <dl className="facts">
        <dt>{t("events.event.owner")}</dt>
        <dd>{owner || NOTHING}</dd>
        <dt>{t("events.event.version")}</dt>
        <dd>{version}</dd>
        <dt>{t("events.event.policy")}</dt>
        <dd>{t(`events.catalogue.policy.${policy}`)}</dd>
        <dt>{t("events.event.sources")}</dt>
        <dd>{sources.join(", ") || NOTHING}</dd>
        {stampsTrait !== "" && (
          <>
            <dt>{t("events.event.stamps")}</dt>
            <dd>
              <code>{stampsTrait}</code>
            </dd>
          </>
        )}
      </dl>
    </Card>
  );
}

function Properties({ properties }: { readonly properties: readonly Property[] }) {
  const { t } = useSpeech();
  const columns: Column<Property>[] = [
    {
      key: "name",
      title: t("events.event.property"),
      heading: true,
      sort: (each) => each.name,
      cell: (each) => <code>{each.name}</code>,
    },
    { key: "type", title: t("events.event.type"), cell: (each) => t(`events.type.${each.type}`) },
    {
      key: "required",
      title: t("events.event.required"),
      cell: (each) =>
        each.required ? <Badge tone="accent">{t("flags.yes")}</Badge> : <span className="faint">{t("events.event.optional")}</span>,
    },
    {
      key: "personal",
      title: t("events.event.personal"),
      cell: (each) =>
        each.personalData === "PERSONAL_DATA_UNSPECIFIED" ? (
          <span className="faint">{t("events.personal.PERSONAL_DATA_UNSPECIFIED")}</span>
        ) : (
          <Badge tone="warn">{t(`events.personal.${each.personalData}`)}</Badge>
        ),
    },
    {
      key: "allowed",
      title: t("events.event.allowed"),
      cell: (each) =>
        each.allowed.length === 0 ? (
          <span className="faint">{t("events.event.anyValue")}</span>
        ) : (
          <code>{each.allowed.map(wordOf).join(", ")}</code>
        ),
    },
    { key: "description", title: t("events.event.description"), cell: (each) => each.description },
  ];
  return (
    <Card className="span-12" title={t("events.event.properties")} flush={properties.length > 0}>
      {properties.length === 0 ? (
        <p className="soft">{t("events.event.noProperties")}</p>
      ) : (
        <Table caption={t("events.event.properties")} columns={columns} rows={properties} rowKey={(each) => each.name} />
      )}
    </Card>
  );
}

function Violations({ violations }: { readonly violations: readonly string[] }) {
  const { t } = useSpeech();
  return (
    <Card className="span-12" title={t("events.event.violations")}>
      {violations.length === 0 ? (
        <p className="soft">{t("events.event.noViolations")}</p>
      ) : (
        <ul className="stack-tight">
          {violations.map((each) => (
            <li key={each}>
              <code>{each}</code>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
