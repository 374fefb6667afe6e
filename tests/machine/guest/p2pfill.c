// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write BYTES of noise to standard output, the same for the same SEED: what
 * the test disks are filled with (xorshift64).
 */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	unsigned long bytes;
	unsigned long long x;

	if (argc != 3) {
		fprintf(stderr, "usage: %s SEED BYTES\n", argv[0]);
		return 2;
	}
	x = strtoul(argv[1], NULL, 0) | 1;
	for (bytes = strtoul(argv[2], NULL, 0); bytes >= 8; bytes -= 8) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (fwrite(&x, sizeof(x), 1, stdout) != 1)
			return 1;
	}
	return fflush(stdout) ? 1 : 0;
}
