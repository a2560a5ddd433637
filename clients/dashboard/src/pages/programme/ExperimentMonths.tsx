import type { Message } from "../../api/methods";
import { type Column, Table } from "../../components/Table";
import { useSpeech } from "../../i18n/language";
import { monthText } from "./health";

type Month = Message<"ExperimentMonth">;

/** Experiments that were started and decided, by month. */
export function ExperimentMonths({ experiments }: { readonly experiments: Message<"ExperimentCounts"> }) {
  const { t, counted } = useSpeech();
  const columns = useColumns();
  return (
    <div className="stack-tight programme-months">
      <p className="soft">{counted("prog.experiments.undecided", experiments.undecided)}</p>
      <Table
        caption={t("prog.experiments")}
        columns={columns}
        rows={experiments.months}
        rowKey={(month) => month.month}
      />
    </div>
  );
}

function useColumns(): Column<Month>[] {
  const { t, format, language } = useSpeech();
  const count = (key: string, title: string, of: (month: Month) => number): Column<Month> => ({
    key,
    title,
    number: true,
    sort: of,
    cell: (month) => (of(month) === 0 ? <span className="faint">0</span> : format.number(of(month))),
  });
  return [
    {
      key: "month",
      title: t("prog.experiments.month"),
      heading: true,
      sort: (month) => month.month,
      cell: (month) => <span className="nowrap">{monthText(month.month, language)}</span>,
    },
    count("started", t("prog.experiments.started"), (month) => month.started),
    count("shipped", t("prog.experiments.shipped"), (month) => month.shipped),
    count("killed", t("prog.experiments.killed"), (month) => month.killed),
    count("against", t("prog.experiments.against"), (month) => month.againstVerdict),
  ];
}
