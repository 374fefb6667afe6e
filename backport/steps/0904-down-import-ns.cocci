// SPDX-License-Identifier: GPL-2.0-only
//
// A namespace is named by an identifier, not by a string.
//
// Unless: import_ns_string
// Ours: \<MODULE_IMPORT_NS\(
// Hunks: 4

@@
declarer name MODULE_IMPORT_NS;
@@
-MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
+MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
