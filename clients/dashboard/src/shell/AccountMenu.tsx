import { useState } from "react";
import { asProblem } from "../api/hooks";
import { logOut, useSession } from "../api/session";
import { Badge } from "../components/Badge";
import { Button } from "../components/Button";
import { LanguageChoice } from "../components/LanguageChoice";
import { Menu } from "../components/Menu";
import { Segmented } from "../components/Segmented";
import { problemText } from "../components/states";
import { useToast } from "../components/toasts";
import { useSpeech } from "../i18n/language";
import { PasswordDialog } from "./PasswordDialog";
import { chooseTheme, useTheme } from "./theme";

/** Who is logged in, the language, the theme, and the way out. */
export function AccountMenu() {
  const { t } = useSpeech();
  const { person } = useSession();
  const theme = useTheme();
  const tell = useToast();
  const [changing, setChanging] = useState(false);
  const leave = () => {
    logOut().catch((error: unknown) => tell(problemText(asProblem(error), t), "bad"));
  };
  return (
    <>
      <Menu label={t("shell.account")} icon="person" alignEnd>
        {(close) => (
          <>
            <div className="menu-section stack-tight">
              <div className="row row-between">
                <strong>{person.name}</strong>
                <Badge>{t(`role.${person.role}`)}</Badge>
              </div>
              {person.login !== person.name && <span className="small soft">{person.login}</span>}
            </div>
            <div className="menu-section stack-tight">
              <span className="small soft">{t("shell.language")}</span>
              <LanguageChoice />
            </div>
            <div className="menu-section stack-tight">
              <span className="small soft">{t("shell.theme")}</span>
              <Segmented
                label={t("shell.theme")}
                options={[
                  { key: "system", label: t("shell.theme.system") },
                  { key: "light", label: t("shell.theme.light") },
                  { key: "dark", label: t("shell.theme.dark") },
                ]}
                chosen={theme}
                onChoose={chooseTheme}
              />
            </div>
            <div className="menu-section row">
              <Button onClick={leave}>{t("shell.logout")}</Button>
              {person.source === "local" && (
                <Button
                  look="quiet"
                  onClick={() => {
                    close();
                    setChanging(true);
                  }}
                >
                  {t("password.change")}
                </Button>
              )}
            </div>
          </>
        )}
      </Menu>
      {changing && <PasswordDialog onClose={() => setChanging(false)} />}
    </>
  );
}
