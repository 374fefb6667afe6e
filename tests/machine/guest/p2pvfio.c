// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver in user space that would like its device to reach peer-to-peer
 * memory by the IOMMU, as one of an NVMe drive or a network card does.
 *
 *   p2pvfio [-i] [-u UID] PCI-ADDRESS ALLOCATE
 *
 * The device is QEMU's "edu", bound to vfio-pci.  RAM must be mapped, and the
 * device get at it.  A mapping of ALLOCATE must not be: not all of it, not a
 * page, not for reading, not behind RAM, not before it was touched and not
 * after; and what the device then does must change no byte of it, nor of the
 * buffer that comes next.
 *
 *   -i   by iommufd and the device's own file, not by group and container
 *   -u   as this user, from the start
 *
 * Exit status 0 if it is so.
 */
#include <linux/vfio.h>
#include <sys/ioctl.h>

#include "p2p.h"

#define SIZE		65536UL
#define IOVA		0x1000000UL	/* edu has 28 address lines */
#define IOVA_RAM	0x2000000UL

/* edu: where its registers are, and the memory that it has inside */
#define EDU_SRC		0x80
#define EDU_DST		0x88
#define EDU_COUNT	0x90
#define EDU_CMD		0x98
#define EDU_START	1UL
#define EDU_TO_HOST	2UL
#define EDU_INSIDE	0x40000UL
#define EDU_BYTES	2048UL

/* Of later headers than Debian's */
#ifndef VFIO_DEVICE_BIND_IOMMUFD
struct vfio_device_bind_iommufd {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
};

struct vfio_device_attach_iommufd_pt {
	__u32 argsz;
	__u32 flags;
	__u32 pt_id;
};

#define VFIO_DEVICE_BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)
#define VFIO_DEVICE_ATTACH_IOMMUFD_PT	_IO(VFIO_TYPE, VFIO_BASE + 19)
#endif

#define IOMMU_IOAS_ALLOC	_IO(';', 0x81)
#define IOMMU_IOAS_MAP		_IO(';', 0x85)
#define IOMMU_IOAS_UNMAP	_IO(';', 0x86)
#define IOMMU_IOAS_MAP_FIXED	1U
#define IOMMU_IOAS_MAP_WRITE	2U
#define IOMMU_IOAS_MAP_READ	4U

struct iommu_ioas_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_ioas_id;
};

struct iommu_ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 reserved;
	__u64 user_va;
	__u64 length;
	__u64 iova;
};

struct iommu_ioas_unmap {
	__u32 size;
	__u32 ioas_id;
	__u64 iova;
	__u64 length;
};

static bool by_iommufd;
static int iommu;		/* the container, or the iommufd */
static __u32 ioas;
static int device;
static char *edu;		/* its registers */
static int failed;

static void want(int ok, const char *fmt, ...)
{
	va_list args;

	printf("%s ", ok ? "ok:   " : "WRONG:");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	failed += !ok;
}

static int open_or_die(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		die("open %s: %s", path, strerror(errno));
	return fd;
}

static void open_type1(const char *pci)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t n;
	int group;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group",
		 pci);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		die("%s: %s", path, strerror(errno));
	link[n] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%.20s", strrchr(link, '/') + 1);
	iommu = open_or_die("/dev/vfio/vfio");
	group = open_or_die(path);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &iommu) ||
	    ioctl(iommu, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		die("container: %s", strerror(errno));
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, pci);
	if (device < 0)
		die("device: %s", strerror(errno));
}

static void open_iommufd(const char *pci)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
	};
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	char path[PATH_MAX], name[NAME_MAX + 1] = "none";
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", pci);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			snprintf(name, sizeof(name), "%s", d->d_name);
	if (dir)
		closedir(dir);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	iommu = open_or_die("/dev/iommu");
	device = open_or_die(path);
	bind.iommufd = iommu;
	if (ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind) ||
	    ioctl(iommu, IOMMU_IOAS_ALLOC, &alloc))
		die("iommufd: %s", strerror(errno));
	ioas = alloc.out_ioas_id;
	attach.pt_id = ioas;
	if (ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		die("attach: %s", strerror(errno));
}

/* The registers, and leave to do DMA. */
static void open_edu(void)
{
	struct vfio_region_info bar = {
		.argsz = sizeof(bar),
		.index = VFIO_PCI_BAR0_REGION_INDEX,
	};
	struct vfio_region_info config = {
		.argsz = sizeof(config),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	__u16 command;

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &bar) ||
	    ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &config))
		die("regions: %s", strerror(errno));
	edu = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		   bar.offset);
	if (edu == MAP_FAILED)
		die("registers: %s", strerror(errno));
	if (pread(device, &command, 2, config.offset + 4) != 2)
		die("command: %s", strerror(errno));
	command |= 6;		/* memory space, bus master */
	if (pwrite(device, &command, 2, config.offset + 4) != 2)
		die("command: %s", strerror(errno));
}

static unsigned long *edu_reg(int reg)
{
	return (unsigned long *)(edu + reg);
}

static void edu_write(int reg, unsigned long value)
{
	__atomic_store_n(edu_reg(reg), value, __ATOMIC_SEQ_CST);
}

/* Waits until it is done, as far as the device can tell. */
static void edu_dma(unsigned long src, unsigned long dst,
		    unsigned long direction)
{
	int i;

	edu_write(EDU_SRC, src);
	edu_write(EDU_DST, dst);
	edu_write(EDU_COUNT, EDU_BYTES);
	edu_write(EDU_CMD, EDU_START | direction);
	for (i = 0; i < 500; i++) {
		if (!(peek(edu_reg(EDU_CMD)) & EDU_START))
			return;
		usleep(20000);
	}
	die("the device does not end its DMA");
}

static int map_dma(void *p, size_t size, __u64 iova, bool write)
{
	struct vfio_iommu_type1_dma_map type1 = {
		.argsz = sizeof(type1),
		.flags = VFIO_DMA_MAP_FLAG_READ |
			 (write ? VFIO_DMA_MAP_FLAG_WRITE : 0),
		.vaddr = (uintptr_t)p,
		.iova = iova,
		.size = size,
	};
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED | IOMMU_IOAS_MAP_READ |
			 (write ? IOMMU_IOAS_MAP_WRITE : 0),
		.ioas_id = ioas,
		.user_va = (uintptr_t)p,
		.length = size,
		.iova = iova,
	};

	return by_iommufd ? ioctl(iommu, IOMMU_IOAS_MAP, &map) :
			    ioctl(iommu, VFIO_IOMMU_MAP_DMA, &type1);
}

/* How many bytes were mapped there. */
static __u64 unmap_dma(__u64 iova, size_t size)
{
	struct vfio_iommu_type1_dma_unmap type1 = {
		.argsz = sizeof(type1),
		.iova = iova,
		.size = size,
	};
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = ioas,
		.iova = iova,
		.length = size,
	};

	if (by_iommufd)
		return ioctl(iommu, IOMMU_IOAS_UNMAP, &unmap) ? 0 :
		       unmap.length;
	return ioctl(iommu, VFIO_IOMMU_UNMAP_DMA, &type1) ? 0 : type1.size;
}

static void *map_buffer(int fd)
{
	void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	return p;
}

/* If this does not work, that nothing is reached later says nothing. */
static void try_ram(void)
{
	unsigned char *ram = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (ram == MAP_FAILED)
		die("RAM: %s", strerror(errno));
	put_pattern(ram, EDU_BYTES, 1);
	if (map_dma(ram, SIZE, IOVA_RAM, true))
		die("RAM is not mapped: %s", strerror(errno));
	edu_dma(IOVA_RAM, EDU_INSIDE, 0);
	memset(ram, 0, EDU_BYTES);
	edu_dma(EDU_INSIDE, IOVA_RAM, EDU_TO_HOST);
	want(!wrong_bytes(ram, EDU_BYTES, 1), "the device gets at RAM");
	want(unmap_dma(IOVA_RAM, SIZE) == SIZE, "RAM was mapped");
	munmap(ram, SIZE);
}

static void try_map(const char *what, void *p, size_t size, bool write)
{
	int error = map_dma(p, size, IOVA, write) ? errno : 0;

	want(error, "%s: %s", what, error ? strerror(error) : "mapped");
	if (unmap_dma(IOVA, size) && error)
		want(false, "something of it was left there");
}

/* RAM in front of the buffer, at addresses that follow each other */
static void try_mixed(int fd)
{
	char *p = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED ||
	    mmap(p + SIZE, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 fd, 0) == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	try_map("RAM and a buffer", p, 2 * SIZE, true);
	munmap(p, 2 * SIZE);
}

static void try_buffer(int fd)
{
	unsigned char *p = map_buffer(fd);

	try_map("a buffer that was not touched", p, SIZE, true);
	put_pattern(p, SIZE, 2);
	try_map("a buffer", p, SIZE, true);
	try_map("a page of it", p, PAGE, true);
	try_map("a buffer, to be read", p, SIZE, false);

	/* if it were mapped, what the device has is not what the buffer has */
	map_dma(p, SIZE, IOVA, true);
	edu_dma(EDU_INSIDE, IOVA, EDU_TO_HOST);
	want(!wrong_bytes(p, SIZE, 2), "the device changes none of its bytes");
	munmap(p, SIZE);

	p = map_buffer(fd);
	want(!bytes_not_zero(p, SIZE), "the next owner finds it cleared");
	put_pattern(p, SIZE, 3);
	edu_dma(EDU_INSIDE, IOVA, EDU_TO_HOST);
	want(!wrong_bytes(p, SIZE, 3),
	     "the device changes no byte of the next owner's");
	munmap(p, SIZE);
}

int main(int argc, char **argv)
{
	int opt, fd, uid = 0;

	setbuf(stdout, NULL);
	while ((opt = getopt(argc, argv, "iu:")) != -1) {
		if (opt == 'i')
			by_iommufd = true;
		else if (opt == 'u')
			uid = atoi(optarg);
		else
			die("usage: p2pvfio [-i] [-u UID] PCI-ADDRESS ALLOCATE");
	}
	if (argc != optind + 2)
		die("usage: p2pvfio [-i] [-u UID] PCI-ADDRESS ALLOCATE");
	if (uid && (setgid(uid) || setuid(uid)))
		die("user %d: %s", uid, strerror(errno));

	if (by_iommufd)
		open_iommufd(argv[optind]);
	else
		open_type1(argv[optind]);
	open_edu();
	fd = open_or_die(argv[optind + 1]);

	try_ram();
	try_mixed(fd);
	try_buffer(fd);
	printf("%d wrong\n", failed);
	return failed ? 1 : 0;
}
