// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The lab's own MHI client, for what the kernel has no client of: data through LOOPBACK channels, and taking the RAM dump
 * of a device that stands in RDDM behind a controller driver that does not take it by itself.
 *
 *   /sys/kernel/debug/mhi_hil/mhi0/loopback   one write is one transfer; a read gives the last answer
 *   /sys/kernel/debug/mhi_hil/rddm            write a controller's name: its dump goes to devcoredump
 */
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/devcoredump.h>
#include <linux/mhi.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#define TRANSFER_BYTES 4096
#define ANSWER_MS 10000

struct loopback {
	struct mhi_device *mhi_dev;
	struct dentry *dir;
	/* one transfer at a time */
	struct mutex lock;
	struct completion answered;
	void *sent;
	void *got;
	size_t got_bytes;
	int status;
};

static struct dentry *root;

static ssize_t loopback_write(struct file *file, const char __user *from, size_t bytes, loff_t *at)
{
	struct loopback *port = file->private_data;
	ssize_t ret;

	if (bytes == 0 || bytes > TRANSFER_BYTES)
		return -EMSGSIZE;
	mutex_lock(&port->lock);
	reinit_completion(&port->answered);
	port->got_bytes = 0;
	ret = copy_from_user(port->sent, from, bytes) ? -EFAULT : 0;
	if (!ret)
		ret = mhi_queue_buf(port->mhi_dev, DMA_FROM_DEVICE, port->got, TRANSFER_BYTES, MHI_EOT);
	if (!ret)
		ret = mhi_queue_buf(port->mhi_dev, DMA_TO_DEVICE, port->sent, bytes, MHI_EOT);
	if (!ret && !wait_for_completion_timeout(&port->answered, msecs_to_jiffies(ANSWER_MS)))
		ret = -ETIMEDOUT;
	if (!ret)
		ret = port->status;
	mutex_unlock(&port->lock);
	return ret ? ret : bytes;
}

static ssize_t loopback_read(struct file *file, char __user *to, size_t bytes, loff_t *at)
{
	struct loopback *port = file->private_data;
	ssize_t ret;

	mutex_lock(&port->lock);
	ret = simple_read_from_buffer(to, bytes, at, port->got, port->got_bytes);
	mutex_unlock(&port->lock);
	return ret;
}

static const struct file_operations loopback_file = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = loopback_read,
	.write = loopback_write,
};

static void loopback_sent(struct mhi_device *mhi_dev, struct mhi_result *result)
{
}

static void loopback_got(struct mhi_device *mhi_dev, struct mhi_result *result)
{
	struct loopback *port = dev_get_drvdata(&mhi_dev->dev);

	port->status = result->transaction_status;
	port->got_bytes = result->transaction_status ? 0 : result->bytes_xferd;
	complete(&port->answered);
}

static int loopback_probe(struct mhi_device *mhi_dev, const struct mhi_device_id *id)
{
	struct loopback *port = devm_kzalloc(&mhi_dev->dev, sizeof(*port), GFP_KERNEL);
	int ret;

	if (!port)
		return -ENOMEM;
	port->mhi_dev = mhi_dev;
	port->sent = devm_kmalloc(&mhi_dev->dev, TRANSFER_BYTES, GFP_KERNEL);
	port->got = devm_kmalloc(&mhi_dev->dev, TRANSFER_BYTES, GFP_KERNEL);
	if (!port->sent || !port->got)
		return -ENOMEM;
	mutex_init(&port->lock);
	init_completion(&port->answered);
	dev_set_drvdata(&mhi_dev->dev, port);
	ret = mhi_prepare_for_transfer(mhi_dev);
	if (ret)
		return ret;
	port->dir = debugfs_create_dir(dev_name(&mhi_dev->mhi_cntrl->mhi_dev->dev), root);
	debugfs_create_file("loopback", 0600, port->dir, port, &loopback_file);
	return 0;
}

static void loopback_remove(struct mhi_device *mhi_dev)
{
	struct loopback *port = dev_get_drvdata(&mhi_dev->dev);

	/* first the transfers, so that nobody waits in the file for long */
	mhi_unprepare_from_transfer(mhi_dev);
	debugfs_remove_recursive(port->dir);
}

static const struct mhi_device_id ids[] = { { .chan = "LOOPBACK" }, {} };
MODULE_DEVICE_TABLE(mhi, ids);

static struct mhi_driver client = {
	.id_table = ids,
	.probe = loopback_probe,
	.remove = loopback_remove,
	.ul_xfer_cb = loopback_sent,
	.dl_xfer_cb = loopback_got,
	.driver = { .name = "mhi_hil_client" },
};

/* The image's last buffer is the table of the others. */
static int hand_over(struct mhi_controller *controller)
{
	struct image_info *image = controller->rddm_image;
	size_t bytes = 0, at = 0;
	void *dump;
	u32 i;

	for (i = 0; i + 1 < image->entries; i++)
		bytes += image->mhi_buf[i].len;
	dump = vmalloc(bytes);
	if (!dump)
		return -ENOMEM;
	for (i = 0; i + 1 < image->entries; i++) {
		memcpy(dump + at, image->mhi_buf[i].buf, image->mhi_buf[i].len);
		at += image->mhi_buf[i].len;
	}
	dev_coredumpv(controller->cntrl_dev, dump, bytes, GFP_KERNEL);
	return 0;
}

static ssize_t rddm_write(struct file *file, const char __user *from, size_t bytes, loff_t *at)
{
	struct mhi_controller *controller;
	struct device *dev;
	char name[16];
	ssize_t ret;

	if (bytes == 0 || bytes >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, from, bytes))
		return -EFAULT;
	name[bytes] = '\0';
	dev = bus_find_device_by_name(client.driver.bus, NULL, strim(name));
	if (!dev)
		return -ENODEV;
	controller = to_mhi_device(dev)->mhi_cntrl;
	ret = controller->rddm_image ? mhi_download_rddm_image(controller, false) : -ENODATA;
	if (!ret)
		ret = hand_over(controller);
	put_device(dev);
	return ret ? ret : bytes;
}

static const struct file_operations rddm_file = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = rddm_write,
};

static int __init mhi_hil_client_init(void)
{
	int ret;

	root = debugfs_create_dir("mhi_hil", NULL);
	ret = mhi_driver_register(&client);
	if (ret)
		debugfs_remove_recursive(root);
	else
		debugfs_create_file("rddm", 0200, root, NULL, &rddm_file);
	return ret;
}

static void __exit mhi_hil_client_exit(void)
{
	mhi_driver_unregister(&client);
	debugfs_remove_recursive(root);
}

module_init(mhi_hil_client_init);
module_exit(mhi_hil_client_exit);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("mhi-hil: LOOPBACK and RDDM for the virtual rig");
