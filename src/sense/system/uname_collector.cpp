// SPDX-License-Identifier: Apache-2.0
#include "sense/system/uname_collector.h"

#include <sys/utsname.h>

#include <cerrno>

#include "base/result.h"
#include "metric/frame.h"

namespace ullage::sense {

Result<void> UnameCollector::collect(metric::Frame& frame) {
  if (!root_.is_live()) return fail("only the live machine has a name", "uname");
  utsname names{};
  if (::uname(&names) != 0) return fail_errno("cannot ask", "uname", errno);
  frame.add("node_uname_info",
            {{"domainname", names.domainname},
             {"machine", names.machine},
             {"nodename", names.nodename},
             {"release", names.release},
             {"sysname", names.sysname},
             {"version", names.version}},
            1);
  return {};
}

}  // namespace ullage::sense
