import { logged } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

/** What the vendor's module prints at its start and as the PCI driver's name. */
const VENDOR = /PCIE_MHI_Driver|\bpcie_mhi\b|\bmhi_q \d{4}:/i;
const IN_TREE = /\bmhi-pci-generic \d{4}:|\bmhi_(?:hwip|swip)0\b|\bwwan0mbim0\b/i;

export const twoDrivers: KnownFailure = {
  id: "F23",
  name: "vendor's driver and the kernel's own want the same modem",
  families: ["modem"],
  symptom: "the modem works with one or the other at random, or the vendor's devices never appear",
  cause: "pcie_mhi and mhi-pci-generic both know the device's id; whoever comes first has it",
  remedy: [
    {
      text: "keep one: blacklist the vendor's pcie_mhi, or mhi_pci_generic; or set driver_override of the PCI function",
      source: "https://github.com/openwrt/openwrt/issues/13830",
    },
  ],
  recognise(failure) {
    const vendor = failure.line(VENDOR);
    const own = failure.line(IN_TREE);
    return vendor && own ? recognised(logged(vendor), logged(own)) : undefined;
  },
};
