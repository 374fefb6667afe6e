// SPDX-License-Identifier: GPL-2.0-only
static void back(const struct cred *old)
{
	put_cred(revert_creds(old));
}

static const struct cred *become(struct cred *cred)
{
	const struct cred *old;

	old = override_creds(cred);
	return old;
}
