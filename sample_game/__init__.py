"""A small dedicated game server that tells its players' achievements to campaign-bridge."""
