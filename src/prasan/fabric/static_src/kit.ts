// Every page loads this. Each part makes something better that already works without it.
import "@kit/requests";
import { startDialogs } from "@kit/dialogs";
import { startForms } from "@kit/forms";
import { startMenus } from "@kit/menus";
import { startShortcuts } from "@kit/shortcuts";
import { startTheme } from "@kit/theme";
import { startToasts } from "@kit/toasts";

startTheme();
startMenus();
startForms();
startDialogs();
startShortcuts();
startToasts();
