/**
 * MHI, BHI and BHIe register offsets and fields, in the kernel's spelling.
 * Source: drivers/bus/mhi/common.h. MHI offsets from the MHI base, BHI from BHIOFF, BHIE from BHIEOFF.
 */
export const MHIREGLEN = 0x00;
export const MHIVER = 0x08;
export const MHICFG = 0x10; // [7:0] NCH [15:8] NHWCH [23:16] NER [31:24] NHWER
export const CHDBOFF = 0x18;
export const ERDBOFF = 0x20;
export const BHIOFF = 0x28;
export const BHIEOFF = 0x2c;
export const DEBUGOFF = 0x30;
export const MHICTRL = 0x38; // [15:8] requested MHI state, bit 1 RESET
export const MHISTATUS = 0x48; // [15:8] MHI state, bit 2 SYSERR, bit 0 READY
export const CCABAP_LOWER = 0x58;
export const CCABAP_HIGHER = 0x5c;
export const ECABAP_LOWER = 0x60;
export const ECABAP_HIGHER = 0x64;
export const CRCBAP_LOWER = 0x68;
export const CRCBAP_HIGHER = 0x6c;
export const CRDB_LOWER = 0x70;
export const CRDB_HIGHER = 0x74;
export const MHICTRLBASE_LOWER = 0x80;
export const MHICTRLBASE_HIGHER = 0x84;
export const MHICTRLLIMIT_LOWER = 0x88;
export const MHICTRLLIMIT_HIGHER = 0x8c;
export const MHIDATABASE_LOWER = 0x98;
export const MHIDATABASE_HIGHER = 0x9c;
export const MHIDATALIMIT_LOWER = 0xa0;
export const MHIDATALIMIT_HIGHER = 0xa4;
export const SOC_RESET_REQ = 0xb0;

export const MHICTRL_RESET = 1 << 1;
export const MHISTATUS_READY = 1 << 0;
export const MHISTATUS_SYSERR = 1 << 2;
/** MHICTRL and MHISTATUS hold the MHI state in the same place. */
export const stateField = (register: number): number => (register >>> 8) & 0xff;

export const BHI_BHIVERSION_MINOR = 0x00;
export const BHI_BHIVERSION_MAJOR = 0x04;
export const BHI_IMGADDR_LOW = 0x08;
export const BHI_IMGADDR_HIGH = 0x0c;
export const BHI_IMGSIZE = 0x10;
export const BHI_IMGTXDB = 0x18;
export const BHI_INTVEC = 0x20;
export const BHI_EXECENV = 0x28;
export const BHI_STATUS = 0x2c; // [31:30] 0 reset, 2 success, 3 error
export const BHI_ERRCODE = 0x30;
export const BHI_ERRDBG1 = 0x34;
export const BHI_SERIALNU = 0x40;
export const BHI_MSMHWID0 = 0x4c;
export const BHI_OEMPKHASH0 = 0x64;

export const BHIE_MSMSOCID = 0x00;
export const BHIE_TXVECADDR_LOW = 0x2c;
export const BHIE_TXVECADDR_HIGH = 0x30;
export const BHIE_TXVECSIZE = 0x34;
export const BHIE_TXVECDB = 0x3c;
export const BHIE_TXVECSTATUS = 0x44;
export const BHIE_RXVECADDR_LOW = 0x60;
export const BHIE_RXVECADDR_HIGH = 0x64;
export const BHIE_RXVECSIZE = 0x68;
export const BHIE_RXVECDB = 0x70;
export const BHIE_RXVECSTATUS = 0x78;

const MHI_NAMES: ReadonlyMap<number, string> = new Map([
  [MHIREGLEN, "MHIREGLEN"],
  [MHIVER, "MHIVER"],
  [MHICFG, "MHICFG"],
  [CHDBOFF, "CHDBOFF"],
  [ERDBOFF, "ERDBOFF"],
  [BHIOFF, "BHIOFF"],
  [BHIEOFF, "BHIEOFF"],
  [DEBUGOFF, "DEBUGOFF"],
  [MHICTRL, "MHICTRL"],
  [MHISTATUS, "MHISTATUS"],
  [CCABAP_LOWER, "CCABAP_LOWER"],
  [CCABAP_HIGHER, "CCABAP_HIGHER"],
  [ECABAP_LOWER, "ECABAP_LOWER"],
  [ECABAP_HIGHER, "ECABAP_HIGHER"],
  [CRCBAP_LOWER, "CRCBAP_LOWER"],
  [CRCBAP_HIGHER, "CRCBAP_HIGHER"],
  [CRDB_LOWER, "CRDB_LOWER"],
  [CRDB_HIGHER, "CRDB_HIGHER"],
  [MHICTRLBASE_LOWER, "MHICTRLBASE_LOWER"],
  [MHICTRLBASE_HIGHER, "MHICTRLBASE_HIGHER"],
  [MHICTRLLIMIT_LOWER, "MHICTRLLIMIT_LOWER"],
  [MHICTRLLIMIT_HIGHER, "MHICTRLLIMIT_HIGHER"],
  [MHIDATABASE_LOWER, "MHIDATABASE_LOWER"],
  [MHIDATABASE_HIGHER, "MHIDATABASE_HIGHER"],
  [MHIDATALIMIT_LOWER, "MHIDATALIMIT_LOWER"],
  [MHIDATALIMIT_HIGHER, "MHIDATALIMIT_HIGHER"],
  [SOC_RESET_REQ, "SOC_RESET_REQ"],
]);

/** Name of an MHI register by its offset from the MHI base, or undefined. */
export const mhiRegisterName = (offset: number): string | undefined => MHI_NAMES.get(offset);
