// SPDX-License-Identifier: GPL-2.0-only
/// Find a bio_vec that is laid over another type.
///
/// struct bio_vec is an address, a length and perhaps flags now: a structure of
/// a page, a length and an offset is laid out differently, and so is a pair of
/// pointers.
///
// Confidence: Moderate
// Comments: casts from and to void *, char * and numbers are not reported.
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

def other(t):
	return bool(re.search(r"\b(struct|union)\s+(?!\s|bio_vec\b)", t))

@to@
type T : script:python() { other(T) };
struct bio_vec *B;
struct bio_vec b;
position p;
@@
(
 (T *)B@p
|
 (T *)&b@p
)

@from@
type T : script:python() { other(T) };
T *E;
T e;
position p;
@@
(
 (struct bio_vec *)E@p
|
 (struct bio_vec *)&e@p
)

@punned@
identifier u, v;
position p;
@@
 union u {
 	...
 	struct bio_vec v@p;
 	...
 };

@size@
type T;
position p;
@@
(
 sizeof(struct bio_vec) == sizeof@p(T)
|
 sizeof@p(T) == sizeof(struct bio_vec)
|
 sizeof(struct bio_vec) != sizeof@p(T)
|
 sizeof@p(T) != sizeof(struct bio_vec)
)

@depends on context@
expression B;
position to.p;
@@
*B@p

@depends on context@
expression E;
position from.p;
@@
*E@p

@depends on context@
identifier u, v;
position punned.p;
@@
 union u {
 	...
*	struct bio_vec v@p;
 	...
 };

@depends on context@
type T;
position size.p;
@@
*sizeof@p(T)

@script:python depends on org@
p << to.p;
@@
coccilib.org.print_todo(p[0], "WARNING: a bio_vec is taken for another type")

@script:python depends on report@
p << to.p;
@@
coccilib.report.print_report(p[0], "WARNING: a bio_vec is taken for another type")

@script:python depends on org@
p << from.p;
@@
coccilib.org.print_todo(p[0], "WARNING: another type is taken for a bio_vec")

@script:python depends on report@
p << from.p;
@@
coccilib.report.print_report(p[0], "WARNING: another type is taken for a bio_vec")

@script:python depends on org@
p << punned.p;
@@
coccilib.org.print_todo(p[0], "WARNING: a bio_vec shares its place with another type")

@script:python depends on report@
p << punned.p;
@@
coccilib.report.print_report(p[0], "WARNING: a bio_vec shares its place with another type")

@script:python depends on org@
p << size.p;
@@
coccilib.org.print_todo(p[0], "WARNING: is the size of a bio_vec that of another type?")

@script:python depends on report@
p << size.p;
@@
coccilib.report.print_report(p[0], "WARNING: is the size of a bio_vec that of another type?")
