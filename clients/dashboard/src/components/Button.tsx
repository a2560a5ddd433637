import type { ButtonHTMLAttributes } from "react";
import { Icon, type IconName } from "./icons";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: "plain" | "primary" | "danger" | "quiet";
  readonly icon?: IconName;
}

/** A button. One that is an icon alone needs an `aria-label`. */
export function Button({ look = "plain", icon, className = "", type = "button", children, ...rest }: Props) {
  const classes = ["button", `button-${look}`, children === undefined ? "button-icon" : "", className];
  return (
    <button type={type} className={classes.filter(Boolean).join(" ")} {...rest}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}
