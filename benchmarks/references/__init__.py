"""What the goals are held against: the bare thing, without the bridge."""
