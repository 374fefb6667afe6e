// SPDX-License-Identifier: GPL-2.0-only
//
// override_creds() takes a reference of its own, and revert_creds() puts it.
//
// Unless: override_creds_steals
// Ours: \<override_creds\(
// Hunks: 2

@@
expression O, C;
@@
 O = override_creds(C);
+put_cred(C);

@@
expression O;
@@
-put_cred(revert_creds(O))
+revert_creds(O)
