// SPDX-License-Identifier: GPL-2.0-only
static struct file *make(void)
{
	return shmem_file_setup("name", SZ_1M, EMPTY_VMA_FLAGS);
}
