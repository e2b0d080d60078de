// Asking a running job to stop after the step in hand.
#pragma once

namespace omma {

// While one is alive, SIGINT, SIGTERM or SIGHUP only leaves its number here, and so does what follows within two seconds: `timeout`
// signals a process and then its group, and a terminal's Ctrl-C reaches a job through its shell, too. One after that ends the
// process. Where a signal came, all this outlasts the object: the rest of it may come while the job tells how it ended. A signal
// that the process was started to ignore stays ignored. At most one at a time; destroy it on the thread that made it.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  // The first signal; 0: none came.
  int signal() const;
};

}  // namespace omma
