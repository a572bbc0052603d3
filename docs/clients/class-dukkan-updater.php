<?php
/**
 * Updates of a WordPress plugin from a Dukkan shop, beside class-dukkan-license.php. Rename the class with it.
 *
 *   $updater = new Dukkan_Updater( $license, __FILE__ );
 *   $updater->listen();
 *   $updater->forget();   // where another key was typed: ask the shop again
 *
 * WordPress then shows a new version as it does for any plugin, with what is new, and installs it. The package's
 * SHA-256 is in an answer that the shop has signed, and is compared before anything is unpacked.
 *
 * Give your plugin the header "Update URI: https://shop.example/my-plugin/", so that WordPress takes no plugin of
 * the same name from wordpress.org for yours. A shop on your own machine, or at another port than 80, 443 and 8080,
 * is asked for packages only where wp-config.php defines WP_ENVIRONMENT_TYPE as 'local' or 'development'.
 * This file may be copied and changed by anybody for anything.
 */

class Dukkan_Updater {
	const AGAIN = 60;    // seconds: no two questions within a minute,
	const LATER = 3600;  // nor within an hour of one without an answer, so that a shop that is away holds up nobody.
	const KEEP  = 604800; // A week, though WordPress looks twice a day.

	private $license;
	private $path;
	private $file;

	/**
	 * @param Dukkan_License $license The licence of this site.
	 * @param string         $path    The plugin's main file.
	 */
	public function __construct( $license, $path ) {
		$this->license = $license;
		$this->path    = $path;
		$this->file    = plugin_basename( $path );
	}

	public function listen() {
		add_filter( 'pre_set_site_transient_update_plugins', array( $this, 'look' ) );
		add_filter( 'site_transient_update_plugins', array( $this, 'offer' ) );
		add_filter( 'plugins_api', array( $this, 'describe' ), 10, 3 );
		add_filter( 'upgrader_pre_download', array( $this, 'fetch' ), 10, 4 );
	}

	/** Ask the shop whenever WordPress looks for updates, whether or not wordpress.org answers. */
	public function look( $updates ) {
		$kept = get_site_transient( $this->transient() );
		$wait = empty( $kept['is_away'] ) ? self::AGAIN : self::LATER;
		if ( '' !== $this->license->key() && ( ! is_array( $kept ) || time() - $kept['asked'] >= $wait ) ) {
			$this->ask();
		}
		return $updates;
	}

	/** Put a newer version onto WordPress's list of updates as it is read, and take an older offer off it. */
	public function offer( $updates ) {
		if ( ! is_object( $updates ) ) {
			return $updates;
		}
		foreach ( array( 'response', 'no_update' ) as $list ) {
			if ( isset( $updates->$list[ $this->file ] ) ) {
				unset( $updates->$list[ $this->file ] );
			}
		}
		$release = $this->release();
		if ( ! $release ) {
			return $updates;
		}
		$is_newer = version_compare( $this->header( 'Version' ), $release['version'], '<' ) && $release['package'];
		$list     = $is_newer ? 'response' : 'no_update';

		$updates->$list[ $this->file ] = $this->plugin( $release );
		return $updates;
	}

	/** What WordPress shows under "View details". */
	public function describe( $result, $action, $args ) {
		if ( 'plugin_information' !== $action || empty( $args->slug ) || $args->slug !== $this->slug() ) {
			return $result;
		}
		$release = $this->release();
		if ( ! $release ) {
			return $result;
		}
		$plugin           = $this->plugin( $release );
		$plugin->sections = array( 'changelog' => wp_kses_post( $release['changelog_html'] ) );
		return $plugin;
	}

	/**
	 * Fetch the package, and refuse one whose bytes are others than the shop signed for. The shop is asked anew: the
	 * link that was shown may have grown old, and the licence may have ended.
	 */
	public function fetch( $reply, $package, $upgrader = null, $extra = array() ) {
		$is_mine = ( $extra['plugin'] ?? '' ) === $this->file && $this->is_at_shop( $package );
		if ( false !== $reply || ! $is_mine ) {
			return $reply;
		}
		$release = $this->ask();
		if ( ! $release || ! $release['package'] ) {
			$why = $this->license->refusal();
			return new WP_Error( 'no_package', $why ? $why : 'The shop does not answer. Try again later.' );
		}
		add_filter( 'http_request_args', array( $this, 'trust' ), 10, 2 );
		$path = download_url( $release['package'], 300 );
		remove_filter( 'http_request_args', array( $this, 'trust' ), 10 );
		if ( is_wp_error( $path ) ) {
			return $path;
		}
		if ( ! hash_equals( (string) $release['sha256'], hash_file( 'sha256', $path ) ) ) {
			wp_delete_file( $path );
			return new WP_Error( 'changed_package', 'The package was changed on its way.' );
		}
		return $path;
	}

	/** WordPress fetches nothing from addresses within its own net. For trying things out, a shop may stand there. */
	public function trust( $args, $url ) {
		if ( $this->is_at_shop( $url ) && in_array( wp_get_environment_type(), array( 'local', 'development' ), true ) ) {
			$args['reject_unsafe_urls'] = false;
		}
		return $args;
	}

	public function forget() {
		delete_site_transient( $this->transient() );
	}

	/** What the shop says now, or null. Where it is away, what it said last is kept. */
	private function ask() {
		$release = $this->license->release();
		$is_away = ! $release && '' === $this->license->refusal();
		$kept    = array( 'asked' => time(), 'is_away' => $is_away, 'release' => $is_away ? $this->release() : $release );
		set_site_transient( $this->transient(), $kept, self::KEEP );
		return $release;
	}

	/** What the shop said last. */
	private function release() {
		$kept = '' === $this->license->key() ? null : get_site_transient( $this->transient() );
		return empty( $kept['release'] ) ? null : $kept['release'];
	}

	private function plugin( $release ) {
		return (object) array(
			'id'            => $this->license->shop() . '/' . $this->slug(),
			'slug'          => $this->slug(),
			'plugin'        => $this->file,
			'name'          => $this->header( 'Plugin Name' ),
			'author'        => $this->header( 'Author' ),
			'new_version'   => $release['version'],
			'version'       => $release['version'],
			'url'           => $this->header( 'Plugin URI' ),
			'homepage'      => $this->header( 'Plugin URI' ),
			'package'       => (string) $release['package'],
			'download_link' => (string) $release['package'],
			'last_updated'  => $release['released_at'],
			'requires'      => self::needs( 'WordPress', $release['requirements'] ),
			'requires_php'  => self::needs( 'PHP', $release['requirements'] ),
		);
	}

	/** From the file as it lies there now: right after an update, the code that runs is still the old one. */
	private function header( $name ) {
		return get_file_data( $this->path, array( $name => $name ) )[ $name ];
	}

	private function is_at_shop( $url ) {
		return 0 === strpos( (string) $url, $this->license->shop() . '/' );
	}

	private static function needs( $program, $requirements ) {
		return preg_match( '/\b' . $program . '\s+v?(\d+(?:\.\d+)*)/i', (string) $requirements, $found ) ? $found[1] : '';
	}

	private function slug() {
		return dirname( $this->file );
	}

	private function transient() {
		return 'dukkan_release_' . md5( $this->file . $this->license->key() );
	}
}
