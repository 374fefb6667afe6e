// SPDX-License-Identifier: GPL-2.0-only
//
// The attributes of sysfs are not constant yet.
//
// Unless: const_bin_attribute
// Ours: \<bin_attribute\>
// Hunks: 3

@@
identifier f, a;
parameter list[n] before;
@@
 f(before,
-const struct bin_attribute *a
+struct bin_attribute *a
  , ...) { ... }

@@
identifier a;
@@
-const struct bin_attribute a
+struct bin_attribute a
 = { ... };

@@
identifier a;
@@
-const
 struct bin_attribute *
-const
 a[] = { ... };
