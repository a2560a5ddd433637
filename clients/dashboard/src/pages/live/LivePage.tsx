import { useScope } from "../../shell/scope";
import { AllTenants } from "./AllTenants";
import { TenantLive } from "./TenantLive";
import "./live.css";

/** What happens now: of one tenant, or of all. */
export default function LivePage() {
  const { tenant } = useScope();
  return tenant === "" ? <AllTenants /> : <TenantLive key={tenant} />;
}
