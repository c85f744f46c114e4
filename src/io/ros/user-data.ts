/** A value of USER_DATA, which rmw implementations fill with "key=value;" pairs (rmw::impl::cpp::parse_key_value). */
export function userDataValue(userData: string, key: string): string | undefined {
  for (const pair of userData.split(';')) {
    const [name, value] = pair.split('=', 2);
    if (name === key) return value;
  }
  return undefined;
}
