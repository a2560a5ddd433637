import { useSession } from "../api/session";
import { useSpeech } from "../i18n/language";
import { AccountMenu } from "./AccountMenu";
import { useScope } from "./scope";
import { Brand } from "./Sidebar";
import { TenantPicker } from "./TenantPicker";

/** What is looked at, and who looks. */
export function Topbar() {
  const { t } = useSpeech();
  const { environments } = useSession();
  const { environment, setEnvironment } = useScope();
  return (
    <header className="topbar">
      <Brand />
      <TenantPicker />
      <div className="topbar-end">
        <select
          className="input"
          aria-label={t("shell.environment")}
          title={t("shell.environment")}
          value={environment}
          onChange={(event) => setEnvironment(event.target.value)}
        >
          {environments.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <AccountMenu />
      </div>
    </header>
  );
}
