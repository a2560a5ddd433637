import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Menu } from "../components/Menu";
import { useSpeech } from "../i18n/language";
import { useTenants } from "./overview";
import { useScope } from "./scope";

/** Of more tenants than this the search has to tell. */
const DRAWN = 200;

/** Chooses the tenant that all pages look at, by search. */
export function TenantPicker() {
  const { t } = useSpeech();
  const { tenant } = useScope();
  return (
    <Menu
      label={t("shell.tenant")}
      icon="shop"
      text={<span className="tenant-name">{tenant === "" ? t("shell.allTenants") : tenant}</span>}
    >
      {(close) => <TenantSearch close={close} />}
    </Menu>
  );
}

function TenantSearch({ close }: { readonly close: () => void }) {
  const { t } = useSpeech();
  const { tenant, setTenant } = useScope();
  const tenants = useTenants();
  const [search, setSearch] = useState("");
  const [active, setActive] = useState(0);
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const input = useRef<HTMLInputElement>(null);

  const wanted = search.trim().toLowerCase();
  const found = (tenants ?? []).filter((each) => each.toLowerCase().includes(wanted)).slice(0, DRAWN);
  const options = wanted === "" ? ["", ...found] : found;
  const choose = (next: string) => {
    setTenant(next);
    close();
  };
  const keys = (event: KeyboardEvent) => {
    const last = options.length - 1;
    const next = { ArrowDown: Math.min(active + 1, last), ArrowUp: Math.max(active - 1, 0) }[event.key];
    const chosen = options[active];
    if (next !== undefined) setActive(next);
    else if (event.key === "Enter" && chosen !== undefined) choose(chosen);
    else return;
    event.preventDefault();
  };
  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);

  return (
    <>
      <input
        ref={input}
        className="input"
        type="text"
        role="combobox"
        autoComplete="off"
        spellCheck={false}
        placeholder={t("shell.searchTenant")}
        aria-label={t("shell.searchTenant")}
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={options.length > 0 ? `${id}-${active}` : undefined}
        value={search}
        onChange={(event) => {
          setSearch(event.target.value);
          setActive(0);
        }}
        onKeyDown={keys}
      />
      <ul className="options" role="listbox" id={id} ref={list} aria-label={t("shell.tenant")}>
        {options.map((each, index) => (
          <li
            key={each}
            id={`${id}-${index}`}
            className="option"
            role="option"
            aria-selected={each === tenant}
            data-active={index === active}
            onPointerMove={() => setActive(index)}
            onClick={() => choose(each)}
          >
            {each === "" ? t("shell.allTenants") : each}
          </li>
        ))}
      </ul>
      {options.length === 0 && <p className="option-empty">{t("shell.noTenant")}</p>}
    </>
  );
}
