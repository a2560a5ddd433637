import { askSession, useSessionState } from "./api/session";
import { unreachable } from "./api/problem";
import { ErrorState } from "./components/states";
import { ToastProvider } from "./components/toasts";
import { LanguageProvider } from "./i18n/LanguageProvider";
import { LoginPage } from "./pages/login/LoginPage";
import { Shell } from "./shell/Shell";

/** Everything: the frame for those who are logged in, the login page for others. */
export function App() {
  return (
    <LanguageProvider>
      <ToastProvider>
        <Door />
      </ToastProvider>
    </LanguageProvider>
  );
}

function Door() {
  const state = useSessionState();
  switch (state.kind) {
    case "asking":
      return null;
    case "unreachable":
      return <ErrorState problem={unreachable()} retry={() => void askSession()} />;
    case "anonymous":
      return <LoginPage expired={state.expired} />;
    case "known":
      return <Shell />;
  }
}
