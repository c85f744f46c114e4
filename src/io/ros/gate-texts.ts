/**
 * What is recorded of the safety gate, so that it can be run again: definitions of our own, see src/io/gate-record. Times are monotonic
 * nanoseconds of the machine; vectors are in the order of robot.yaml's commanded joints.
 */
export const GATE_TEXTS: Readonly<Record<string, string>> = {
  // one control tick: what the gate was given, and what it made of it
  'dynabridge_msgs/GateTick': `int64 made_ns
int64 sent_ns
float64 velocity_scale
string mode
string authority
string verdict
string[] reasons
bool has_state
int64 state_received_ns
float64[] position
float64[] velocity
string source
int64 proposal
int64 proposal_expires_ns
string[] proposal_joints
float64[] target
bool predicted
float64 evidence_authority
int64 evidence_expires_ns
int64 evidence_gone_ns
float64[] requested
float64[] command
string veto`,
  // a request to change the gate's mode, and its outcome
  'dynabridge_msgs/GateEvent': `int64 at_ns
string event
bool accepted
string why
string mode
bool has_state
int64 state_received_ns
float64[] position
float64[] velocity`,
  // all that the gate remembers, from which it can be run on
  'dynabridge_msgs/GateState': `int64 at_ns
string mode
bool silent
string fault_check
string fault_message
string fault_cleared_by
int64 fault_since_ns
int64 commands
float64[] numbers
float64[] pipeline
float64[] origin
string source
int64 proposal
float64 sub_tick`,
};
