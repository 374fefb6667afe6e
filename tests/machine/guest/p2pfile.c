// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that no program of busybox can make:
 *
 *   p2pfile clone FROM TO	TO shares its blocks with FROM
 *   p2pfile encrypt DIR	what is made in DIR from now on is encrypted
 */
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <sys/ioctl.h>

#include "p2p.h"

static int opened(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0)
		die("open %s: %s", path, strerror(errno));
	return fd;
}

static void clone(const char *from, const char *to)
{
	if (ioctl(opened(to, O_WRONLY | O_CREAT), FICLONE,
		  opened(from, O_RDONLY)))
		die("FICLONE: %s", strerror(errno));
}

static void encrypt(const char *path)
{
	struct fscrypt_policy_v2 policy = {
		.version = FSCRYPT_POLICY_V2,
		.contents_encryption_mode = FSCRYPT_MODE_AES_256_XTS,
		.filenames_encryption_mode = FSCRYPT_MODE_AES_256_CTS,
		.flags = FSCRYPT_POLICY_FLAGS_PAD_32,
	};
	struct {
		struct fscrypt_add_key_arg arg;
		unsigned char raw[64];
	} key = {
		.arg.key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER,
		.arg.raw_size = sizeof(key.raw),
	};
	int dir = opened(path, O_RDONLY | O_DIRECTORY);
	size_t i;

	for (i = 0; i < sizeof(key.raw); i++)
		key.raw[i] = 3 * i + 1;
	if (ioctl(dir, FS_IOC_ADD_ENCRYPTION_KEY, &key.arg))
		die("FS_IOC_ADD_ENCRYPTION_KEY: %s", strerror(errno));
	memcpy(policy.master_key_identifier, key.arg.key_spec.u.identifier,
	       sizeof(policy.master_key_identifier));
	if (ioctl(dir, FS_IOC_SET_ENCRYPTION_POLICY, &policy))
		die("FS_IOC_SET_ENCRYPTION_POLICY: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "clone"))
		clone(argv[2], argv[3]);
	else if (argc == 3 && !strcmp(argv[1], "encrypt"))
		encrypt(argv[2]);
	else
		die("usage: p2pfile clone FROM TO | encrypt DIR");
	return 0;
}
